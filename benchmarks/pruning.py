"""Global pruning beside torch's, and the sizes of what it leaves.

    python benchmarks/pruning.py [--size 768 12] [--rounds 3] [--threads 1]

Both find the half of a BERT-base's encoder and pooler that is nearest to zero, 85.5 million weights from one seed; each
in a process of its own, in turns. Memory is the most that a process held beyond its weights. Before any time is
printed, the masks are compared bit for bit. Both remove as many, and all that is below the same magnitude; of several
weights that have just this one, ours removes those that come first, and torch those that its `topk` comes upon. So the
two may differ in weights of that one magnitude, which are counted, and in no others, or nothing is printed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from figures import Figure, keep
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

HERE = Path(__file__).parent
MIB = 1024 * 1024
SIZE = (768, 12)  # of BERT-base
TIMES = 30  # as fast as torch, at least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, nargs=2, default=SIZE, metavar=("HIDDEN", "LAYERS"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--one", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)  # as a process of its own
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.one is not None:
        print(json.dumps(_measure(*asked.one, *asked.size)))
        return
    with tempfile.TemporaryDirectory() as folder:
        files = {way: Path(folder) / f"{way}.npz" for way in WAYS}
        rounds = [{way: _run(way, file, asked) for way, file in files.items()} for _ in range(asked.rounds)]
        masks = [np.load(file) for file in files.values()]
        total = sum(masks[0][name].size for name in masks[0])
        ties = _ties(masks, _weights(*asked.size))
        packed = _packed_size(masks[1], Path(folder) / "mask.safetensors")
    _show(asked, rounds, total, ties, packed)
    if tuple(asked.size) == SIZE:
        keep("pruning", *_figures(rounds, total, packed))


def _weights(hidden: int, layers: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    shapes = {f"{layer}.{n}": shape for layer in range(layers) for n, shape in enumerate(
        [(hidden, hidden)] * 4 + [(4 * hidden, hidden), (hidden, 4 * hidden)])}  # fmt: skip
    shapes["pooler"] = (hidden, hidden)
    return {name: torch.empty(shape).normal_(0.0, 0.04, generator=generator) for name, shape in shapes.items()}


def _ties(masks: list[Any], weights: dict[str, Tensor]) -> str:
    """In what the masks differ, in words."""
    torchs, ours = ({name: torch.from_numpy(mask[name]) for name in weights} for mask in masks)
    removed = [sum(int((~bits).sum()) for bits in mask.values()) for mask in (torchs, ours)]
    if removed[0] != removed[1]:
        raise SystemExit(f"torch removes {removed[0]:,} weights, and ours {removed[1]:,}")
    highest = max(float(weights[name][~bits].abs().max()) for name, bits in ours.items() if not bits.all())
    differ = [weights[name][bits != ours[name]].abs() for name, bits in torchs.items()]
    if not all((magnitudes == highest).all() for magnitudes in differ):
        raise SystemExit(f"the masks differ in weights of other magnitudes than the highest that goes, {highest:g}")
    count = sum(magnitudes.numel() for magnitudes in differ)
    alike = sum(int((weight.abs() == highest).sum()) for weight in weights.values())
    gone = sum(int(((weight.abs() == highest) & ~ours[name]).sum()) for name, weight in weights.items())
    return (
        f"the highest magnitude that goes is {highest:.9g}; {alike} weights have it, {gone} of them go, and the masks"
        f" differ in {count} of these and in nothing else"
    )


def _torch(weights: dict[str, Tensor], count: int) -> dict[str, Tensor]:
    from torch.nn.utils import prune

    modules = {name: nn.Linear(1, 1, bias=False) for name in weights}
    for name, module in modules.items():
        module.weight = nn.Parameter(weights[name], requires_grad=False)
    prune.global_unstructured([(m, "weight") for m in modules.values()], prune.L1Unstructured, amount=count)
    return {name: module.weight_mask.bool() for name, module in modules.items()}


def _ours(weights: dict[str, Tensor], count: int) -> dict[str, Tensor]:
    from runtime.pruning import magnitude
    from runtime.pruning.material import Material
    from runtime.pruning.selection import remove_lowest

    return dict(remove_lowest(magnitude.scores(Material(weights=weights)), count).kept)


WAYS = {"torch": _torch, "ours": _ours}


def _measure(way: str, file: str, hidden: int, layers: int) -> dict[str, float]:
    WAYS[way](_weights(64, 1), 1000)  # so that imports are neither timed nor counted
    weights = _weights(hidden, layers)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, spent = time.perf_counter(), time.process_time()
    kept = WAYS[way](weights, sum(weight.numel() for weight in weights.values()) // 2)
    clock, processors = time.perf_counter() - began, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    np.savez(file, **{name: bits.numpy() for name, bits in kept.items()})  # type: ignore[arg-type]  # it takes any names
    return {"clock": clock, "processors": processors, "MiB": peak / 1024}


def _run(way: str, file: Path, asked: argparse.Namespace) -> dict[str, float]:
    environment = {**os.environ, "OMP_NUM_THREADS": str(asked.threads), "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, __file__, "--one", way, str(file), "--threads", str(asked.threads),
               "--size", *map(str, asked.size)]  # fmt: skip
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"{way} failed:\n{ran.stderr}")
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _packed_size(mask: Any, file: Path) -> int:
    sys.path.insert(0, str(HERE.parent))
    from runtime.masks import write_mask

    write_mask(file, {name: mask[name] for name in mask})
    return file.stat().st_size


def _show(asked: argparse.Namespace, rounds: list[Any], total: int, ties: str, packed: int) -> None:
    console = Console(width=110)
    console.print(
        f"{total:,} weights, half of them removed; {asked.threads} thread{'s' * (asked.threads > 1)};"
        f" {asked.rounds} rounds; {ties}"
    )
    table = Table("global pruning", "seconds", "of the processors", "MiB", "times as fast", "by the processors")
    for way in WAYS:
        ratios = {of: [r["torch"][of] / r[way][of] for r in rounds] for of in ("clock", "processors")}
        table.add_row(
            way, *(f"{median(r[way][of] for r in rounds):.2f}" for of in ("clock", "processors")),
            f"{max(r[way]['MiB'] for r in rounds):.0f}",
            *(f"{median(some):.1f} ({min(some):.1f} to {max(some):.1f})" for some in ratios.values()),
        )  # fmt: skip
    console.print(table)
    console.print(f"a mask in a file: {packed / MIB:.1f} MiB, one bit a weight; as floats {total * 4 / MIB:.0f} MiB")


def _figures(rounds: list[Any], total: int, packed: int) -> Iterator[Figure]:
    ratios = [r["torch"]["clock"] / r["ours"]["clock"] for r in rounds]
    torchs, ours = (max(r[way]["MiB"] for r in rounds) for way in WAYS)
    what = f"pruning {total / 1e6:.1f} million weights"
    yield Figure(
        what=what, beside="`torch.nn.utils.prune.global_unstructured`",
        found=f"{median(ratios):.1f} times as fast ({min(ratios):.1f} to {max(ratios):.1f})", asked=f"{TIMES} times",
        holds=median(ratios) >= TIMES,
    )  # fmt: skip
    yield Figure(
        what=f"{what}, memory beyond them", beside="the same", found=f"{ours:.0f} MiB to {torchs:.0f}",
        asked="a tenth at most", holds=ours <= torchs / 10,
    )  # fmt: skip
    yield Figure(
        what="a mask of them in a file", beside="floats",
        found=f"{packed / MIB:.1f} MiB to {total * 4 / MIB:.0f}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
