"""Training speed beside what a user would run instead: the released loop, and the Trainer of transformers.

    python benchmarks/training.py                                         a random model on random texts
    python benchmarks/training.py --model DIR --data train.jsonl --text sentence1 sentence2 --label label

Every stack trains in a process of its own, one after another, round after round, on the same batches with the same
masks. Ratios to the Trainer's speed are taken within a round, by the clock and by the time of the processors, which
other processes disturb less; printed are their median, smallest and largest. The share of matrix products is that of
the machine's rate which the products of real tokens need: 100% would be a step of nothing else.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from stacks import LENGTH, STACKS

from runtime.models.products import are_slow

HERE = Path(__file__).parent


def main() -> None:
    asked = _arguments()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        facts = _prepare(asked, folder)
        rounds: list[dict[str, dict[str, Any]]] = []
        for _ in range(asked.rounds):
            rounds.append({name: _run(name, folder, asked.threads) for name in asked.stacks})
        rates = {
            kind: _matrix_rate(facts, kind, asked.threads) for kind in dict.fromkeys((torch.float32, *KINDS.values()))
        }
        profiles = {name: _run(name, folder, asked.threads, "profile") for name in asked.stacks if asked.profile}
    _show(asked, facts, rounds, rates)
    if profiles:
        _show_profiles(profiles)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a model folder, or a package that has one called `model`")
    parser.add_argument("--data", type=Path, help="a file of examples, such as train.jsonl")
    parser.add_argument("--text", nargs="+", default=["sentence"], help="its text columns, one or two")
    parser.add_argument("--label", default="label", help="its column of classes, whole numbers")
    parser.add_argument(
        "--size", type=int, nargs=2, default=[384, 6], metavar=("HIDDEN", "LAYERS"), help="of a random model"
    )
    parser.add_argument("--tokens", type=float, default=50, help="of a random text, on average")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=8, help="of a run; the first is not counted")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--profile", action="store_true", help="show what the time of a run goes to, as well")
    parser.add_argument("--stacks", nargs="+", choices=STACKS, default=list(STACKS))
    return parser.parse_args()


# --- what is trained ------------------------------------------------------------------------------------------------


def _prepare(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Write model, examples and batches where every stack finds them. Returns what the results are counted by."""
    from transformers import AutoConfig

    model = _random_model(asked, folder / "model") if asked.model is None else _model_folder(asked.model)
    draw = np.random.default_rng(1)
    examples = _random_examples(asked, draw) if asked.data is None else _read_examples(asked, model)
    lengths = examples["lengths"]
    chosen = np.resize(draw.permutation(len(lengths)), (asked.steps, asked.batch))
    np.savez(folder / "examples.npz", chosen=chosen, **examples)
    (folder / "asked.json").write_text(
        json.dumps({"model": str(model), "batch": asked.batch, "steps": asked.steps, "kept": 0.5})
    )
    config = AutoConfig.from_pretrained(model, local_files_only=True)
    hidden, inner = config.hidden_size, config.intermediate_size
    return {
        "hidden": hidden,
        "inner": inner,
        "weights": config.num_hidden_layers * (4 * hidden * hidden + 2 * hidden * inner),
        "tokens": int(lengths[chosen[1:]].sum()) / (asked.steps - 1),  # of a batch
        "longest": int(lengths[chosen].max()),
    }


def _model_folder(name: str) -> Path:
    if Path(name).is_dir():
        return Path(name).resolve()
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise SystemExit(f"`{name}` is neither a folder nor a package that is installed")
    return Path(found.origin).parent / "model"


def _random_model(asked: argparse.Namespace, folder: Path) -> Path:
    from transformers import BertConfig, BertModel, BertTokenizerFast

    hidden, layers = asked.size
    config = BertConfig(
        hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=12, intermediate_size=4 * hidden
    )
    torch.manual_seed(1)
    BertModel(config).save_pretrained(folder)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{number}" for number in range(config.vocab_size - 5))]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def _random_examples(asked: argparse.Namespace, draw: np.random.Generator) -> dict[str, Any]:
    """Texts whose lengths scatter as those of sentences do: by a gamma distribution of shape 6."""
    count = asked.steps * asked.batch
    lengths = np.clip(draw.gamma(6, asked.tokens / 6, count).astype(np.int64), 4, LENGTH)
    tokens = draw.integers(5, 30_000, lengths.sum()).astype(np.int32)
    return {"tokens": tokens, "segments": np.zeros(len(tokens), dtype=np.int8), "lengths": lengths,
            "labels": draw.integers(0, 2, count)}  # fmt: skip


def _read_examples(asked: argparse.Namespace, model: Path) -> dict[str, Any]:
    from runtime.tasks.encoding import encode, load_tokenizer
    from runtime.tasks.examples import Split
    from runtime.tasks.table import read_table

    columns = read_table(asked.data, (*asked.text, asked.label)).columns
    labels = np.array(columns[asked.label], dtype=np.int64)
    found = encode(Split(tuple(columns[name] for name in asked.text), labels), load_tokenizer(model), LENGTH)
    segments = np.zeros(len(found.tokens), dtype=np.int8) if found.segments is None else found.segments
    return {"tokens": found.tokens, "segments": segments, "lengths": found.lengths, "labels": labels}


# --- running ----------------------------------------------------------------------------------------------------------


def _run(name: str, folder: Path, threads: int, way: str = "time") -> dict[str, Any]:
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(HERE.parent), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-W", "ignore", str(HERE / "stacks.py"), name, str(folder), way]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"{name} failed:\n{ran.stderr}")
    result: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return result


def _matrix_rate(facts: dict[str, Any], kind: torch.dtype, threads: int) -> float:
    """Operations a second of the widest product of a step, the best of thirty."""
    torch.set_num_threads(threads)
    states, weights = torch.randn(int(facts["tokens"]), facts["hidden"]), torch.randn(facts["inner"], facts["hidden"])
    states, weights = states.to(kind), weights.to(kind)
    seconds = []
    for _ in range(30):
        before = time.perf_counter()
        torch.nn.functional.linear(states, weights)
        seconds.append(time.perf_counter() - before)
    return 2 * states.shape[0] * weights.numel() / min(seconds)


# --- showing ----------------------------------------------------------------------------------------------------------


def _show(asked: argparse.Namespace, facts: dict[str, Any], rounds: list[Any], rates: dict[Any, float]) -> None:
    console = Console(width=110)
    console.print(
        f"batches of {asked.batch}, {facts['tokens']:.0f} tokens on average, the longest text {facts['longest']};"
        f" {asked.threads} threads; {asked.rounds} rounds of {asked.steps} steps"
    )
    console.print(
        f"matrix products: {', '.join(f'{str(k)[6:]} {rate / 1e9:.0f} GFLOP/s' for k, rate in rates.items())}"
    )
    table = Table("stack", "examples/s", "tokens/s", "by the clock", "by the processors", "of products", "MiB")
    for name in asked.stacks:
        step = median(median(r[name]["clock"]) for r in rounds)
        needed = 6 * facts["tokens"] * facts["weights"]  # forward and backward: three products of two operations
        table.add_row(
            name, f"{asked.batch / step:.1f}", f"{facts['tokens'] / step:.0f}", _ratios(rounds, name, "clock"),
            _ratios(rounds, name, "processors"), f"{needed / step / rates[KINDS.get(name, torch.float32)]:.0%}",
            f"{max(r[name]['MiB'] for r in rounds):.0f}",
        )  # fmt: skip
    console.print(table)


def _show_profiles(profiles: dict[str, dict[str, float]]) -> None:
    """Shares of the steps by what is done in them."""
    table = Table("what", *profiles)
    kinds = dict.fromkeys(kind for profile in profiles.values() for kind in profile)
    for kind in sorted(kinds, key=lambda kind: -max(profile.get(kind, 0.0) for profile in profiles.values())):
        shares = (profile.get(kind, 0.0) / sum(profile.values()) for profile in profiles.values())
        table.add_row(kind, *(f"{share:.1%}" for share in shares))
    Console(width=110).print(table)


# What stacks multiply in; numbers of bf16 may be multiplied in fp32.
KINDS = {"ours bf16": torch.float32 if are_slow(torch.bfloat16, torch.device("cpu")) else torch.bfloat16}


def _ratios(rounds: list[Any], name: str, of: str) -> str:
    if "trainer" not in rounds[0]:
        return ""
    ratios = [median(r["trainer"][of]) / median(r[name][of]) for r in rounds]
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"  # times as fast as the Trainer


if __name__ == "__main__":
    main()
