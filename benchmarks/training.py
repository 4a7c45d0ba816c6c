"""Training speed beside what a user would run instead: the released loop, and the Trainer of transformers.

    python benchmarks/training.py mrpc sst2 base            random weights, and texts as long as those of GLUE
    python benchmarks/training.py mrpc --glue DIR           MiniLM itself, from its package, on the files in DIR

Every stack trains in a process of its own, one after another, round after round, on the same batches with the same
masks. `ours apart` is as many trainings at once as there are threads, each of one, as `ticketrun` runs those of a
study; it counts the examples of all, and the memory of all. Ratios to another stack's speed are taken within a round;
printed are their median, smallest and largest. The share of products is that of a step which the matrix products that
nobody can leave out would take at the rate of the widest one by itself: without padding, and of the last layer only
what is read. Where a processor multiplies bf16 in plain loops, `precision bf16` is no way to be fast, and is left out.
What misses its mark is profiled. Runs of other sizes than the usual are shown, and kept out of the table.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import torch
from attrs import frozen
from cases import CASES, Case, minilm, random_examples, random_model, read_examples
from figures import Figure, keep
from processes import APART, Ran, run, started
from rich.console import Console
from rich.table import Table
from stacks import STACKS

from runtime.models.products import are_slow
from runtime.training.replay import TIMES

BESIDE = {"released": "the released loop", "trainer": "the Trainer with pruning hooks"}
IN_WORDS = {
    "ours": "fp32",
    "ours apart": "fp32, one for each thread",
    "ours bf16": "bf16",
    "ours bf16 apart": "bf16, one for each thread",
}
BATCH, ROUNDS = 32, 3  # those of the table
RECORDED = 12 * TIMES  # steps on a GPU before any is timed, so that what can be recorded is


def main() -> None:
    asked = _arguments()
    for name in asked.cases:
        case = CASES[name]
        steps = (asked.steps or case.steps) + (0 if asked.device == "cpu" else RECORDED)
        of_case = argparse.Namespace(**{**vars(asked), "steps": steps})
        with tempfile.TemporaryDirectory() as temporary:
            measured = _measure(case, of_case, Path(temporary))
            _show(measured)
            figures = list(_figures(measured))
            if asked.is_kept:
                keep(f"training-{name}", *figures)
            if asked.is_kept and any(figure.holds is False for figure in figures) and asked.device == "cpu":
                _show_profiles(measured, Path(temporary))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", choices=CASES, metavar="CASE", help=f"one of {', '.join(CASES)}")
    parser.add_argument("--glue", type=Path, metavar="DIR", help="the folder with the files of GLUE")
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--steps", type=int, help="of a run, the first of which is not counted; default: by the case")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all cores")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--stacks", nargs="+", choices=(*STACKS, *(name + APART for name in STACKS)))
    asked = parser.parse_args()
    if asked.device.partition(":")[0] not in {"cpu", "cuda"}:
        parser.error(f"`--device {asked.device}`: it is cpu or cuda")
    if asked.device != "cpu" and not torch.cuda.is_available():
        parser.error(f"torch sees no GPU here for `--device {asked.device}`")
    if asked.glue is not None and not asked.glue.is_dir():
        parser.error(f"`--glue {asked.glue}`: there is no such folder")
    if asked.batch < 1 or asked.rounds < 1 or asked.threads < 1 or (asked.steps is not None and asked.steps < 2):
        parser.error("a run has two steps at least, of which the first is not counted, and one of all else")
    # What the table of all benchmarks shows is of runs as they are meant to be.
    asked.is_kept = asked.stacks is None and asked.batch == BATCH and asked.steps is None and asked.rounds >= ROUNDS
    asked.stacks = asked.stacks or _usual(asked.device)
    return asked


def _has_bf16(device: str) -> bool:
    return not are_slow(torch.bfloat16, torch.device(device))


def _usual(device: str) -> list[str]:
    ours = [name for name in STACKS if name.startswith("ours") and (_has_bf16(device) or "bf16" not in name)]
    return [*BESIDE, *ours, *(name + APART for name in ("trainer", *ours))]


@frozen(kw_only=True)
class Measured:
    """One case on this machine."""

    case: Case
    asked: argparse.Namespace
    weights: int  # of the encoder's matrices
    unread: int  # of them, those that the last layer needs for the tokens alone that are read
    tokens: float  # of a batch
    longest: int
    rounds: Sequence[dict[str, Ran]]  # by stack
    rates: dict[torch.dtype, float]  # of matrix products, operations a second

    def speed(self, stack: str) -> float:
        """Batches a second."""
        return float(median(found[stack].speed for found in self.rounds))

    def memory(self, stack: str) -> float:
        """MiB, at most."""
        return max((found[stack].memory for found in self.rounds), default=0.0)

    def ratios(self, stack: str, beside: str) -> list[float]:
        """Of their speeds, round by round."""
        return [found[stack].speed / found[beside].speed for found in self.rounds]

    def share(self, stack: str) -> float:
        """Of the machine's rate of matrix products, what those of real tokens take."""
        all_tokens, read = self.tokens * (self.weights - self.unread), self.asked.batch * self.unread
        needed = 6 * (all_tokens + read)  # forward and backward: three products of two operations
        return (
            needed
            * self.speed(stack)
            / self.rates[torch.bfloat16 if "bf16" in stack and torch.bfloat16 in self.rates else torch.float32]
        )


def _measure(case: Case, asked: argparse.Namespace, folder: Path) -> Measured:
    """Write model, examples and batches where every stack finds them, and run all."""
    from transformers import AutoConfig

    model = minilm() if asked.glue is not None and case.is_minilm else random_model(case, folder / "model")
    draw = np.random.default_rng(1)
    examples = (
        random_examples(case, asked.steps * asked.batch, draw)
        if asked.glue is None
        else read_examples(case, asked.glue)
    )
    lengths = examples["lengths"]
    chosen = np.resize(draw.permutation(len(lengths)), (asked.steps, asked.batch))
    np.savez(folder / "examples.npz", chosen=chosen, **examples)
    untimed = 1 if asked.device == "cpu" else RECORDED
    (folder / "asked.json").write_text(
        json.dumps(
            {
                "model": str(model),
                "batch": asked.batch,
                "steps": asked.steps,
                "kept": 0.5,
                "device": asked.device,
                "untimed": untimed,
            }
        )
    )
    config = AutoConfig.from_pretrained(model, local_files_only=True)
    hidden, inner = config.hidden_size, config.intermediate_size
    timed = chosen[untimed:]
    tokens = int(lengths[timed].sum()) / len(timed)
    kinds = (torch.float32, torch.bfloat16) if _has_bf16(asked.device) else (torch.float32,)
    rounds, rates = [], dict.fromkeys(kinds, 0.0)
    for number in range(asked.rounds):
        order = asked.stacks if number % 2 == 0 else asked.stacks[::-1]
        rounds.append({name: run(name, folder, asked.threads) for name in order})
        for kind in kinds:
            rate = _matrix_rate(int(tokens), hidden, inner, kind, asked)
            rates[kind] = max(rates[kind], rate)
    return Measured(
        case=case,
        asked=asked,
        weights=config.num_hidden_layers * (4 * hidden * hidden + 2 * hidden * inner),
        unread=2 * hidden * hidden + 2 * hidden * inner,
        tokens=tokens,
        longest=int(lengths[chosen].max()),
        rounds=rounds,
        rates=rates,
    )


def _matrix_rate(tokens: int, hidden: int, inner: int, kind: torch.dtype, asked: argparse.Namespace) -> float:
    """Operations a second of the widest product of a step, the best of thirty."""
    torch.set_num_threads(asked.threads)
    states, weights = (torch.randn(rows, hidden, device=asked.device).to(kind) for rows in (tokens, inner))
    seconds = []
    for _ in range(30):
        before = time.perf_counter()
        torch.nn.functional.linear(states, weights)
        if asked.device != "cpu":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - before)
    return 2 * states.shape[0] * weights.numel() / min(seconds)


# --- showing ----------------------------------------------------------------------------------------------------------


def _show(measured: Measured) -> None:
    console, asked = Console(width=110), measured.asked
    console.print(
        f"{_what(measured)}: batches of {asked.batch} texts, {measured.tokens:.0f} tokens in all, {measured.longest} in"
        f" the longest; {asked.threads} threads; {asked.rounds} round{'s' * (asked.rounds > 1)} of {asked.steps} steps"
    )
    rates = (f"{str(kind).removeprefix('torch.')} {rate / 1e9:.0f} GFLOP/s" for kind, rate in measured.rates.items())
    console.print(f"matrix products: {', '.join(rates)}")
    others = [name for name in BESIDE if name in asked.stacks]
    table = Table("stack", "examples/s", "tokens/s", *(f"beside {name}" for name in others), "of products", "MiB")
    for name in asked.stacks:
        speed = measured.speed(name)
        table.add_row(
            name, f"{asked.batch * speed:.1f}", f"{measured.tokens * speed:.0f}",
            *(_spread(measured.ratios(name, other)) for other in others),
            f"{measured.share(name):.0%}", f"{measured.memory(name):.0f}",
        )  # fmt: skip
    console.print(table)


def _what(measured: Measured) -> str:
    case, asked = measured.case, measured.asked
    if asked.glue is None:
        return f"{case.model} on {case.task}, both random of their size"
    return f"{case.model}{'' if case.is_minilm else ', random of its size,'} on {case.task}"


def _spread(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _show_profiles(measured: Measured, folder: Path) -> None:
    """Shares of the steps by what is done in them, one process."""
    names = [name for name in measured.asked.stacks if APART not in name and name != "released"]
    threads = measured.asked.threads
    profiles: dict[str, dict[str, float]] = {}
    for name in names:
        with started(name, folder, threads, "profile") as process:
            profiles[name] = json.loads(process.said())
    table = Table("what", *profiles)
    kinds = dict.fromkeys(kind for profile in profiles.values() for kind in profile)
    for kind in sorted(kinds, key=lambda kind: -max(profile.get(kind, 0.0) for profile in profiles.values())):
        shares = (profile.get(kind, 0.0) / sum(profile.values()) for profile in profiles.values())
        table.add_row(kind, *(f"{share:.1%}" for share in shares))
    Console(width=110).print(table)


def _figures(measured: Measured) -> Iterator[Figure]:
    """What the table of all benchmarks says of a case."""
    case, stacks = measured.case, measured.asked.stacks
    asked = measured.asked
    where = "" if asked.device == "cpu" else f" on {torch.cuda.get_device_name()}"
    what = f"training {_what(measured)}{where}"
    ours = [name for name in ("ours", "ours apart", "ours bf16", "ours bf16 apart") if name in stacks]
    for beside, name in ((beside, name) for beside in BESIDE for name in ours):
        other = beside + APART if APART in name else beside  # like beside like
        if other not in stacks:
            continue
        least = case.least.get((name, beside))
        ratios = measured.ratios(name, other)
        yield Figure(
            what=f"{what}: {IN_WORDS[name]}",
            beside=BESIDE[beside] + (", likewise" if APART in name else ""),
            found=f"{_spread(ratios)} times as fast, {measured.asked.batch * measured.speed(name):.1f} examples/s",
            asked="" if least is None else f"{least:g} times",
            holds=None if least is None else median(ratios) >= least,
        )
    for name in (name for name in ours if APART not in name):
        share, least = measured.share(name), case.share if name == "ours bf16" else None
        yield Figure(
            what=f"{what}: {IN_WORDS[name]}",
            beside="the rate of the widest product by itself",
            found=f"{share:.0%}",
            asked="" if least is None else f"{least:.0%}",
            holds=None if least is None else share >= least,
        )
    for name in (name for name in ours if APART not in name and "trainer" in stacks):
        mine, theirs = measured.memory(name), measured.memory("trainer")
        yield Figure(
            what=f"{what}: {IN_WORDS[name]}, memory at most",
            beside=BESIDE["trainer"],
            found=f"{mine:.0f} MiB beside {theirs:.0f}",
            asked="no more",
            holds=mine <= theirs,
        )
    if "ours bf16" not in stacks:
        marks = [f"{least:g} times {BESIDE[beside]}" for (name, beside), least in case.least.items() if "bf16" in name]
        marks += [] if case.share is None else [f"{case.share:.0%} of the rate of products"]
        yield Figure(what=f"{what}: bf16", found="not measured: no bf16 here", asked=", ".join(marks))


if __name__ == "__main__":
    main()
