"""`ticketrun store` on a real study; and what real commands make of disks and files that are not as they should be."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from desk import ENVIRONMENT, SPEC, Answer, Desk

from runtime.store import Disk, Store, StoreError
from runtime.store.layout import WEIGHTS
from runtime.storekeeping.soundness import verify_all

CELL = "dense/warm/seed=1"
LESS = SPEC.replace("30%, 60%", "30%").replace("imp at 60%", "imp at 30%").replace("study small", "study less")
SAME_NAME = SPEC.replace("seeds 1, 2", "seeds 1")


def silently(done: int, total: int, name: str) -> None:
    """Nobody watches."""


def flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def files_of(store: Path) -> list[Path]:
    return sorted(path for path in store.rglob("*") if path.is_file() and path.stat().st_size)


def is_found(store: Path) -> bool:
    """Whether `store verify` says that something is wrong."""
    try:
        return bool(verify_all(Store.look(store), silently, sets_aside=False)[0].findings)
    except StoreError:
        return True


def test_a_store_is_listed_and_measured(finished: tuple[Desk, Answer]) -> None:
    desk, _ = finished
    listed, measured = desk.ticketrun("store", "list"), desk.ticketrun("store", "size")

    assert (listed.status, measured.status) == (0, 0), listed.text + measured.text
    assert listed.out.splitlines()[1].split()[:3] == ["small", "48", "12"]
    assert "60 results of 1 study" in listed.out
    assert "can be deleted at any time" in measured.out
    nothing = desk.ticketrun("store", "list", "--store", "nowhere")
    assert (nothing.status, "there is no store in nowhere" in nothing.err) == (3, True)
    assert not (desk.folder / "nowhere").exists()


def test_two_studies_of_one_name_are_told_and_neither_takes_from_the_other(again: Desk) -> None:
    again.write(SAME_NAME, "other.ticket")
    ran = again.ticketrun("run", "other.ticket")
    assert ran.status == 0, ran.text
    assert "small.ticket has a study called `small`, too, which was run with this store" in ran.err
    assert "No work" in ran.out
    assert "other.ticket has a study called `small`, too" in again.ticketrun("run", "small.ticket").err

    listed = again.ticketrun("store", "list").out
    assert "2 specs have a study of this name" in listed
    assert all(f"/{name}" in listed for name in ("other.ticket", "small.ticket"))
    before = again.artifacts()
    refused = again.ticketrun("store", "gc", "other.ticket", "--yes")
    assert (refused.status, again.artifacts()) == (2, before)
    assert "small.ticket holds a study called `small`, too" in refused.err
    assert again.ticketrun("store", "gc", "other.ticket", "small.ticket", "--yes").status == 0
    assert again.artifacts() == before

    for spec, page in (("other.ticket", "small-other.html"), ("small.ticket", "small-small.html")):
        assert f"Wrote {page}" in again.ticketrun("report", spec).out
    # Called otherwise, it is no longer in the way.
    again.write(SAME_NAME.replace("study small", "study other"), "other.ticket")
    assert "too" not in again.ticketrun("run", "small.ticket").err
    assert "Wrote small.html" in again.ticketrun("report", "small.ticket").out


def test_a_store_knows_its_specs_wherever_both_are_moved_to(again: Desk) -> None:
    again.ticketrun("run", "small.ticket")
    moved = Desk(again.folder.rename(again.folder.with_name("moved")))

    assert Store.look(moved.folder / ".ticketlang").origins("small") == ((moved.folder / "small.ticket").resolve(),)
    assert "too" not in moved.ticketrun("run", "small.ticket").err


def test_what_no_spec_needs_is_shown_and_dropped_when_it_is_said(again: Desk) -> None:
    again.write(LESS, "less.ticket")
    before = again.artifacts()

    shown = again.ticketrun("store", "gc", "less.ticket")
    assert shown.status == 2
    assert "would go" in shown.out
    assert "`--yes` drops it" in shown.err
    assert again.artifacts() == before
    assert again.ticketrun("store", "gc", "less.ticket", "small.ticket", "--yes").status == 0
    assert again.artifacts() == before

    assert again.ticketrun("store", "gc", "less.ticket", "--yes", "--states").status == 0
    left = again.artifacts()
    assert 0 < len(left) < len(before)
    assert not list((again.folder / ".ticketlang" / "artifacts").rglob(WEIGHTS))
    assert again.ticketrun("store", "verify").status == 0


def test_nothing_is_dropped_where_it_cannot_be_known_what_is_needed(again: Desk) -> None:
    before = again.artifacts()
    again.write("study s {\n  nonsense\n}\n", "wrong.ticket")
    again.write(LESS.replace('"model"', '"gone"'), "gone.ticket")
    again.write(LESS.replace('folder "model"', 'hub "some/model"'), "unpinned.ticket")

    for spec in ("wrong.ticket", "gone.ticket", "unpinned.ticket", "nowhere.ticket"):
        answer = again.ticketrun("store", "gc", spec, "--yes")
        assert answer.status == 1, answer.text
    assert again.artifacts() == before


def test_a_study_goes_to_another_machine_and_is_verified_there(finished: tuple[Desk, Answer], tmp_path: Path) -> None:
    desk, _ = finished
    archive = tmp_path / "small.tar"
    out = desk.ticketrun("store", "export", "small.ticket", str(archive))
    assert out.status == 0, out.text
    other = Desk(tmp_path / "other")
    other.folder.mkdir()

    into = other.ticketrun("store", "import", str(archive))

    assert into.status == 0, into.text
    assert into.out == "study small: 60 results added\nwhat it says: .ticketlang/studies/small.ticket\n"
    assert other.artifacts() == desk.artifacts()
    assert "60 results verified: all that can be recomputed holds." in other.ticketrun("store", "verify").out
    assert other.ticketrun("validate", ".ticketlang/studies/small.ticket").status == 0
    twice = desk.ticketrun("store", "export", "small.ticket", str(archive))
    assert (twice.status, "is there already" in twice.err) == (2, True)
    archive.write_bytes(archive.read_bytes()[:-2000])
    refused = other.ticketrun("store", "import", str(archive))
    assert (refused.status, "is refused: it ends in the middle; nothing was taken from it" in refused.err) == (2, True)


def run_with(desk: Desk, limit: str) -> Answer:
    """Run one cell in a shell that limits something."""
    command = f"{limit}; exec {sys.executable} -m ticketlang run small.ticket --workers 1 --cell '{CELL}'"
    done = subprocess.run(
        ["bash", "-c", command], cwd=desk.folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def same_so_far(desk: Desk, finished: tuple[Desk, Answer]) -> bool:
    mine, whole = desk.artifacts(), finished[0].artifacts()
    return bool(mine) and all(whole[name] == content for name, content in mine.items())


def test_a_disk_that_takes_no_more_is_status_three(desk: Desk, finished: tuple[Desk, Answer]) -> None:
    """A real limit in a real process: the weights of a training are larger than any file may be."""
    answer = run_with(desk, "ulimit -f 60")

    assert answer.status == 3, answer.text
    assert "the file is larger than it may be" in answer.err.splitlines()[-1]
    assert "Traceback" not in answer.text
    store = Store.open(desk.folder / ".ticketlang")
    assert store.failures.all() == ()
    assert not list(store.layout.staging.iterdir())

    assert run_with(desk, "true").status == 0
    assert same_so_far(desk, finished)


def test_a_cache_that_takes_nothing_loses_no_run(desk: Desk, finished: tuple[Desk, Answer]) -> None:
    (desk.folder / ".ticketlang").mkdir()
    (desk.folder / ".ticketlang" / "cache").write_text("no folder")

    assert run_with(desk, "true").status == 0
    assert same_so_far(desk, finished)


@pytest.fixture
def looked_at(again: Desk) -> Iterator[Path]:
    """A store in which everything is sound, before and after."""
    store = again.folder / ".ticketlang"
    assert not is_found(store)
    yield store
    assert not is_found(store)


def test_a_flipped_bit_in_any_file_is_found(looked_at: Path) -> None:
    """One of each kind; `make torture` flips bits of every file."""
    kinds = {path.name if path.suffix else path.parent.name: path for path in files_of(looked_at)}
    assert {"weights.safetensors", "provenance.json", "digests.json", "small.ticket", "examples"} <= kinds.keys()
    random = Random(1)
    for kind, path in kinds.items():
        bit = random.randrange(path.stat().st_size * 8)
        flip(path, bit)
        assert is_found(looked_at), f"bit {bit} of {kind}"
        flip(path, bit)


def test_a_flipped_bit_is_found_and_mended(again: Desk, finished: tuple[Desk, Answer]) -> None:
    """In what a report reads, in what jobs read, and in what nobody reads until it is needed."""
    artifacts = again.folder / ".ticketlang" / "artifacts"
    struck = {}
    for name in ("result.json", "certificate.json", "job.json", "mask.safetensors", WEIGHTS):
        path = next(path for path in sorted(artifacts.rglob(name)) if path.parent not in struck.values())
        flip(path, path.stat().st_size * 4)
        struck[name] = path.parent
    (artifacts / sorted(set(artifacts.iterdir()) - {*struck.values()})[0].name / "digests.json").unlink()

    reading = again.ticketrun("report", "small.ticket", "--no-html")
    assert "is damaged: its result.json has changed" in " ".join(reading.text.split())
    found = again.ticketrun("store", "verify", "--set-aside")
    assert found.status == 1
    assert found.out.count("was set aside") == len(struck) + 1
    assert all(name in found.out for name in struck)

    assert again.ticketrun("run", "small.ticket", "--workers", "1").status == 0
    assert again.artifacts() == finished[0].artifacts()
    assert again.ticketrun("store", "verify").status == 0


def test_a_run_mends_what_its_report_reads_by_itself(again: Desk, finished: tuple[Desk, Answer]) -> None:
    artifacts = again.folder / ".ticketlang" / "artifacts"
    path = next(iter(sorted(artifacts.rglob("certificate.json"))))
    flip(path, 1000)

    answer = again.ticketrun("run", "small.ticket", "--workers", "1")

    assert answer.status == 0, answer.text
    assert "certificate.json has changed since it was written; it is made anew" in answer.err
    assert again.artifacts() == finished[0].artifacts()


def test_looking_at_a_study_writes_no_folder_anywhere(desk: Desk) -> None:
    """Where nothing was run yet, and where the folder of the store is there and empty."""
    (desk.folder / "empty").mkdir()
    for words in (("plan", "small.ticket"), ("status", "small.ticket"), ("why", "small.ticket", CELL)):
        for store in (".ticketlang", "empty"):
            desk.ticketrun(*words, "--store", store)
    assert not (desk.folder / ".ticketlang").exists()
    assert not list((desk.folder / "empty").iterdir())


def test_a_store_that_nobody_may_write_to_is_read(again: Desk) -> None:
    """As from a snapshot; written with a disk of our own, since whoever runs tests may write anywhere."""

    class ReadOnly(Disk):
        def about_to(self, verb: str, path: Path) -> None:
            if verb not in {"read", "list", "look at"}:
                raise OSError(30, "Read-only file system")

    store = Store.find(again.folder / ".ticketlang", ReadOnly())
    assert store is not None
    assert all(store.artifact(key).verify() == () for key in store.stored())
    assert not store.claims.is_taken(store.stored()[0])
    verified, _ = verify_all(store, silently, sets_aside=False)
    assert verified.findings == ()


def test_a_plan_says_what_it_takes_of_the_disk(desk: Desk) -> None:
    assert "disk: about 2." in (said := desk.ticketrun("plan", "small.ticket").out), said
    assert "with `run --lean`" in said
    shutil.rmtree(desk.folder / "model")
    assert "disk:" not in desk.ticketrun("plan", "small.ticket").out
