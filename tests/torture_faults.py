"""Every fault at every file operation, and bits flipped in every file of a real store: what was struck, what was found.

    python tests/torture_faults.py --seed 1 --bits 3

The short form of both is among the tests. Ends with status 1 where something was lost, not found, or not mended.
"""

import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from desk import SPEC, Desk
from faults import FAULTS, injected
from handmade import DENSE, chain, plan, study, ticket
from small_world import make_data, make_model

from runtime.store import Store, StoreError, claims
from runtime.storekeeping.soundness import findings
from runtime.verification import verify
from ticketlang.jobs import JobKey

Figures = Counter[str]


def faults(folder: Path) -> Figures:
    """Strike every operation of a chain of jobs, and of a study with trainings, masks and weights, in every way."""
    claims.SILENCE = 0.2  # of a claim that is half written nobody knows the owner: not to be waited for each time
    small = study(ticket("a", 30, 50), baselines=(DENSE,), seeds=1)
    figures: Figures = Counter()
    for number, fault in enumerate(FAULTS):
        for name, jobs in (("chain", tuple(chain(3))), ("study", tuple(plan(small).jobs.values()))):
            struck = Counter(what.partition(" ")[0] for what in injected(folder / f"{number} {name}", fault, jobs))
            figures["faults injected"] += struck.total()
            print(f"{fault.name:28} {name:6} {struck.total():5} operations struck: {said(struck)}", flush=True)
    return figures


def said(struck: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in struck.most_common())


def flips(folder: Path, bits: int, random: Random) -> Figures:
    """Flip bits of every file of a store in which a real study is done: each is found; and a run mends what it reads.

    Args:
        bits: of each file.
    """
    desk, figures = Desk(folder), Counter[str]()
    make_model(folder / "model")
    make_data(folder)
    desk.write(SPEC)
    assert desk.ticketrun("run", "small.ticket", "--workers", "1").status == 0
    store, expected = folder / ".ticketlang", desk.artifacts()
    assert not is_found(store, store / "format")
    files = sorted(path for path in store.rglob("*") if path.is_file() and path.stat().st_size)
    for path in files:
        for bit in random.sample(range(path.stat().st_size * 8), bits):
            flip(path, bit)
            figures["bits flipped"] += 1
            figures["flips found"] += is_found(store, path)
            flip(path, bit)
        figures["files"] += 1
        path.rename(path.with_name("missing.tmp"))
        figures["files missing"] += 1
        figures["missing found"] += is_found(store, path)
        path.with_name("missing.tmp").rename(path)
    for path in (path for path in files if path.is_relative_to(store / "artifacts")):
        if random.random() < 0.1:
            flip(path, random.randrange(path.stat().st_size * 8))
            figures["results damaged at once"] += 1
    desk.ticketrun("store", "verify", "--set-aside")
    mended = desk.ticketrun("run", "small.ticket", "--workers", "1")
    figures["runs that mended all of it"] += mended.status == 0 and same(desk.artifacts(), expected)
    figures["runs that were to"] += 1
    return figures


def same(one: dict[str, bytes], other: dict[str, bytes]) -> bool:
    """Whether two stores hold the same results, whatever their versions."""

    def plain(files: dict[str, bytes]) -> dict[tuple[str, str], bytes]:
        return {(Path(name).parent.name.partition(".")[0], Path(name).name): of for name, of in files.items()}

    return plain(one) == plain(other)


def flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def is_found(store: Path, path: Path) -> bool:
    """Whether `store verify` says that something is wrong; of results, it is asked about the one alone."""
    try:
        looked = Store.look(store)
        if path.is_relative_to(store / "artifacts"):
            return bool(verify(looked, only={JobKey(path.parent.name.partition(".")[0])}).findings)
        # A cache that is gone is no damage, and nor is a record of what went before.
        return bool(list(findings(looked))) or not path.exists()
    except StoreError:
        return True


def main(bits: int, seed: int) -> int:
    with TemporaryDirectory() as folder:
        figures = faults(Path(folder) / "faults")
        (Path(folder) / "flips").mkdir()
        figures += flips(Path(folder) / "flips", bits, Random(seed))
    for name, count in figures.items():
        print(f"{count:8,}  {name}")
    pairs = (("bits flipped", "flips found"), ("files missing", "missing found"),
             ("runs that were to", "runs that mended all of it"))  # fmt: skip
    return int(any(figures[due] != figures[done] for due, done in pairs))


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--bits", type=int, default=3, help="of each file")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    sys.exit(main(args.bits, args.seed))
