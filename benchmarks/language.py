"""How fast specs are checked and planned, as whole processes beside `python -c pass`, in one run.

    python benchmarks/language.py [--rounds 15]

Claims: `validate specs/universal.ticket` takes at most ten times as long as Python takes to do nothing, and imports
neither torch, numpy nor transformers; a plan of ten thousand jobs takes at most two seconds. Processes take turns, so
that a machine that slows down slows all of them; the ratios are of medians.
"""

import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from figures import Figure, keep

ROOT = Path(__file__).parents[1]
TICKETRUN = Path(sys.executable).with_name("ticketrun")
UNIVERSAL = ROOT / "specs" / "universal.ticket"
HEAVY = ("torch", "numpy", "transformers")
JOBS = 10_000
MOST_TIMES, MOST_SECONDS = 10, 2


def main() -> int:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each process is started")
    rounds: int = parser.parse_args().rounds
    with TemporaryDirectory() as folder:
        large, jobs = _large_study(Path(folder))
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "validate specs/universal.ticket": [str(TICKETRUN), "validate", str(UNIVERSAL)],
            f"plan of {jobs:,} jobs": [str(TICKETRUN), "plan", str(large), "--store", f"{folder}/store"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(_seconds(command))
    nothing = median(times["python -c pass"])
    print(f"{'whole process':32}{'median':>9}{'least':>9}{'most':>9}{'ratio':>8}")
    for name, found in times.items():
        ratio = median(found) / nothing
        print(f"{name:32}{median(found):8.3f}s{min(found):8.3f}s{max(found):8.3f}s{ratio:8.1f}")
    imported = _heavy_imports()
    print(f"imported to validate, of {', '.join(HEAVY)}: {', '.join(imported) or 'none'}")
    _, validating, planning = (median(found) for found in times.values())
    keep(
        "language",
        Figure(
            what="`validate specs/universal.ticket`, the whole process", beside="`python -c pass`",
            found=f"{validating / nothing:.1f} times as long, {validating:.2f} s", asked=f"{MOST_TIMES} times at most",
            holds=validating <= MOST_TIMES * nothing,
        ),
        Figure(
            what="the same: torch, numpy, transformers imported", found=", ".join(imported) or "none", asked="none",
            holds=not imported,
        ),
        Figure(
            what=f"planning {jobs:,} jobs, the whole process", found=f"{planning:.2f} s",
            asked=f"{MOST_SECONDS} s at most",
            holds=planning <= MOST_SECONDS,
        ),
    )  # fmt: skip
    return 0 if validating <= MOST_TIMES * nothing and planning <= MOST_SECONDS and not imported else 1


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def _large_study(folder: Path) -> tuple[Path, int]:
    """A spec of the paper's tasks with as many seeds as make ten thousand jobs."""
    text = UNIVERSAL.read_text(encoding="utf-8")
    path = folder / "large.ticket"
    per_seed = _jobs(text, path, 1)
    seeds = -(-JOBS // per_seed)
    return path, _jobs(text, path, seeds)


def _jobs(text: str, path: Path, seeds: int) -> int:
    """Write the study with so many seeds. Returns how many jobs it makes."""
    path.write_text(text.replace("seeds     1, 2, 3", f"seeds     1 to {seeds}"), encoding="utf-8")
    command = [str(TICKETRUN), "plan", str(path), "--store", str(path.with_name("store"))]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(said.splitlines()[-1].split()[1])


def _heavy_imports() -> list[str]:
    """Which heavy libraries a validation imports."""
    code = (
        f"import sys; from ticketlang.cli import main; main(['validate', {str(UNIVERSAL)!r}]);"
        f"print(*sorted({set(HEAVY)!r} & sys.modules.keys()))"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    return said.stdout.splitlines()[-1].split()


if __name__ == "__main__":
    sys.exit(main())
