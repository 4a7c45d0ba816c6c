"""A job has one owner at a time, and a dead one keeps it from nobody."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from handmade import draw

from runtime.store import Store, records
from runtime.store.claims import SILENCE, Claims, Owner

KEY = draw(1).key


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def another(store: Store, **owner: object) -> Claims:
    """The claims as another process sees them."""
    me = Owner(**{"host": store.claims.me.host, "pid": os.getpid(), "token": "another", **owner})  # type: ignore[arg-type]
    return Claims(store.layout, store.disk, me)


def gone_pid() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_claim_keeps_others_off_until_it_is_released(store: Store) -> None:
    claim = store.claims.take(KEY)

    assert claim is not None
    assert another(store).take(KEY) is None
    assert store.claims.take(KEY) is None
    assert another(store).take(draw(2).key) is not None
    store.claims.release(claim)
    assert another(store).take(KEY) is not None


def test_the_claim_of_a_process_that_ended_is_taken_over(store: Store) -> None:
    assert another(store, pid=gone_pid()).take(KEY) is not None

    mine = store.claims.take(KEY)

    assert mine is not None
    assert [path.name for path in store.layout.claims.iterdir()] == [mine.path.name]


def test_of_a_process_elsewhere_only_its_heart_tells(store: Store) -> None:
    theirs = another(store, host="far-away", pid=gone_pid()).take(KEY)
    assert theirs is not None
    assert store.claims.take(KEY) is None  # its number says nothing here

    long_ago = theirs.path.stat().st_mtime - SILENCE - 1
    os.utime(theirs.path, (long_ago, long_ago))

    assert store.claims.take(KEY) is not None


def test_a_beat_keeps_a_claim_alive(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.store.claims.BEAT", 0.01)
    claim = store.claims.take(KEY)
    assert claim is not None
    old = claim.path.stat().st_mtime - SILENCE - 1
    os.utime(claim.path, (old, old))

    with store.claims.beating(claim):
        for _ in range(500):
            if claim.path.stat().st_mtime > old + 1:
                break
            time.sleep(0.01)

    assert claim.path.stat().st_mtime > old + 1


def test_a_claim_that_is_just_being_written_counts(store: Store) -> None:
    (store.layout.claims / f"{KEY}.1").write_bytes(b"")

    assert store.claims.take(KEY) is None


def test_whoever_saw_an_older_state_steps_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two find the same dead claim; the slower one wakes when the faster one works under the next number."""
    assert another(store, pid=gone_pid()).take(KEY) is not None
    slow = another(store, token="slow")
    seen_before = slow._numbers(KEY)
    fast = store.claims.take(KEY)
    assert fast is not None

    looks = iter([[], [*slow._numbers(KEY), 1]])  # first as if nothing were there, then as it is
    monkeypatch.setattr(Claims, "_numbers", lambda self, key: next(looks))

    assert seen_before == [1]
    assert slow.take(KEY) is None
    assert fast.path.is_file()


def test_of_many_processes_one_gets_it(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    dead = another(store, pid=gone_pid()).take(KEY)
    assert dead is not None
    program = (
        "import sys; from pathlib import Path; from runtime.store import Store; from ticketlang.jobs import JobKey\n"
        "store = Store.open(Path(sys.argv[1])); sys.stdin.readline()\n"
        "print('got' if store.claims.take(JobKey(sys.argv[2])) else 'lost', flush=True); sys.stdin.readline()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(store.folder), KEY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.stdout.readline().strip() for process in processes if process.stdout]
    for process in processes:
        process.communicate("end\n")

    assert answers.count("got") == 1


def test_a_claim_says_who(store: Store) -> None:
    claim = store.claims.take(KEY)
    assert claim is not None

    said = records.read(claim.path.read_bytes())
    assert (said["host"], said["pid"]) == (store.claims.me.host, os.getpid())
