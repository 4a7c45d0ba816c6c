"""Checkpoints in the store: whole or none, for the environment that wrote them, and gone with the job."""

import errno
import json
import platform
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from attrs import define, evolve
from handmade import Bench, chain, draw, perform, plan_of_jobs, publish

from runtime.progress import Silent
from runtime.schedulers.serial import run
from runtime.store import Environment, PassingDisk, Store, StoreError, environment_of, records
from runtime.store.checkpoints import RESUMED, Checkpoints, Standing, UnusableError, whole_environment
from runtime.tensors import blank_file, map_tensors

HERE = Environment("cpu", 1, "x86_64", {"torch": "2.0"})
KEY = draw(1).key
FACTS = {"losses": [0.1, 1 / 3], "mask": None}


class Crash(BaseException):
    """The process ends here."""


@define
class Failing(PassingDisk):
    """A disk that lets some operations through."""

    how: str
    left: int

    def about_to(self, verb: str, path: Path) -> None:
        self.left -= 1
        if self.left < 0:
            raise Crash if self.how == "crash" else OSError(errno.ENOSPC, "No space left on device")


def image_of(value: float) -> memoryview:
    image, places = blank_file(
        {"b": (np.dtype("float32"), (2, 3)), "a": (np.dtype("bool"), (5,)), "n": (np.dtype("float64"), ())}
    )
    places["b"][:] = value
    places["a"][:] = [True, False, True, True, False]
    places["n"][()] = value
    return image


@pytest.fixture
def kept(tmp_path: Path) -> Checkpoints:
    store = Store.open(tmp_path / "store")
    return Checkpoints(store.layout, store.disk)


def write(kept: Checkpoints, step: int = 3) -> None:
    kept.write(KEY, "training", Standing(step=step, steps=9), FACTS, image_of(step), HERE)


def files(kept: Checkpoints) -> list[Path]:
    return sorted(kept.layout.checkpoints_of(KEY).iterdir())


def test_what_is_written_is_read(kept: Checkpoints) -> None:
    assert kept.read(KEY, "training", HERE) is None
    write(kept)
    found = kept.read(KEY, "training", HERE)
    assert found is not None
    assert (found.standing, found.facts) == (Standing(step=3, steps=9), FACTS)
    assert found.tensors["b"].tolist() == [[3.0] * 3] * 2
    assert found.tensors["a"].tolist() == [True, False, True, True, False]
    assert found.tensors["n"] == 3.0
    assert kept.standing([KEY]) == {KEY: Standing(step=3, steps=9)}
    assert kept.standing([draw(2).key]) == {}
    assert kept.read(KEY, "another part", HERE) is None


def test_a_file_is_one_that_safetensors_reads(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    (tmp_path / "file").write_bytes(image_of(0.5))
    found, (ours, _) = load_file(tmp_path / "file"), map_tensors(tmp_path / "file")
    assert found.keys() == ours.keys() == {"a", "b", "n"}
    assert all(np.array_equal(found[name], ours[name]) for name in found)


def test_a_newer_one_replaces_it(kept: Checkpoints) -> None:
    write(kept, 3)
    write(kept, 5)
    assert len(files(kept)) == 2
    assert kept.standing([KEY])[KEY].step == 5
    kept.forget(KEY)
    assert kept.read(KEY, "training", HERE) is None
    assert list(kept.layout.checkpoints.iterdir()) == []


@pytest.mark.parametrize("how", ["crash", "full disk"])
def test_writing_may_end_anywhere(tmp_path: Path, how: str) -> None:
    """There is always the one before or the new one; and the next one clears up."""
    seen = set()
    for allowed in range(40):
        store = Store.open(tmp_path / str(allowed))
        write(Checkpoints(store.layout, store.disk), 3)
        disk = Failing(how, allowed)
        with suppress(Crash if how == "crash" else StoreError):
            write(Checkpoints(store.layout, disk), 5)
            break
        after = Checkpoints(store.layout, store.disk)
        found = after.read(KEY, "training", HERE)
        assert found is not None
        seen.add(found.standing.step)
        assert float(found.tensors["n"]) == found.standing.step
        write(after, 7)
        assert len(files(after)) == 2
    else:
        pytest.fail("writing has more operations than were tried")
    assert seen == {3, 5}


def test_every_bit_of_it_is_guarded(kept: Checkpoints) -> None:
    write(kept)
    for path in files(kept):
        content = path.read_bytes()
        for place in range(len(content)):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            with pytest.raises(UnusableError):
                kept.read(KEY, "training", HERE)
        path.write_bytes(content)
    assert kept.read(KEY, "training", HERE) is not None


def test_half_of_it_is_none(kept: Checkpoints) -> None:
    write(kept)
    record, tensors = sorted(files(kept), key=lambda path: path.suffix)
    content = tensors.read_bytes()
    tensors.write_bytes(content[: len(content) // 2])
    with pytest.raises(UnusableError, match="is damaged: its tensors are not those that were written"):
        kept.read(KEY, "training", HERE)
    tensors.unlink()
    with pytest.raises(UnusableError, match="is damaged"):
        kept.read(KEY, "training", HERE)
    record.write_text("{}")
    with pytest.raises(UnusableError, match="its record is not as it was written"):
        kept.read(KEY, "training", HERE)
    assert kept.standing([KEY]) == {}


def test_a_record_leads_nowhere_else(kept: Checkpoints, tmp_path: Path) -> None:
    """Whoever seals a record of his own does not get another file read."""
    write(kept)
    record, tensors = sorted(files(kept), key=lambda path: path.suffix)
    elsewhere = tmp_path / "elsewhere.safetensors"
    elsewhere.write_bytes(tensors.read_bytes())
    said = {**json.loads(record.read_text()), "tensors": str(elsewhere)}
    said.pop("seal")
    record.write_bytes(records.write({**said, "seal": records.digest(records.write(said))}))
    with pytest.raises(UnusableError, match="is damaged"):
        kept.read(KEY, "training", HERE)


OTHERS = [
    (evolve(HERE, threads=2), r"\(threads 1 and 2\)"),
    (evolve(HERE, device="NVIDIA H100"), r"\(device cpu and NVIDIA H100\)"),
    (evolve(HERE, machine="x86_64, AMD EPYC"), r"\(machine x86_64 and x86_64, AMD EPYC\)"),
    (evolve(HERE, versions={"torch": "2.1"}), r"\(torch 2\.0 and 2\.1\)"),
    (evolve(HERE, versions={"torch": "2.0", "code": "ab"}), r"\(code none and ab\)"),
]


@pytest.mark.parametrize(("other", "said"), OTHERS)
def test_it_serves_its_own_environment_alone(kept: Checkpoints, other: Environment, said: str) -> None:
    write(kept)
    with pytest.raises(UnusableError, match="is of another environment " + said):
        kept.read(KEY, "training", other)


def test_an_environment_names_the_processor() -> None:
    said = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in said.splitlines() if line.startswith("model name")]
    machine = environment_of("cpu").machine

    assert machine == ", ".join([platform.machine(), *models[:1]])


def test_the_whole_environment_knows_code_and_tokenizers() -> None:
    assert {"python", "numpy", "code", "tokenizers"} <= whole_environment("cpu").versions.keys()


def test_resumptions_are_noted(kept: Checkpoints) -> None:
    write(kept)
    assert kept.resumed(KEY) == ()
    kept.resumes(KEY, 3)
    kept.resumes(KEY, 5)
    assert kept.resumed(KEY) == (3, 5)
    write(kept)
    assert kept.resumed(KEY) == (3, 5)
    assert kept.standing([KEY]) == {KEY: Standing(step=3, steps=9)}
    assert list(kept.problems()) == []

    path = kept.layout.checkpoints_of(KEY) / RESUMED
    path.write_bytes(path.read_bytes().replace(b"5", b"7"))
    assert kept.resumed(KEY) == ()
    assert [said for said in kept.problems() if RESUMED in said]


def test_what_is_done_keeps_nothing(kept: Checkpoints, tmp_path: Path) -> None:
    """Its result says where it was resumed; and what a killed process left is cleared up by the next run."""
    store = Store.open(tmp_path / "store")
    one, two = chain(2)
    write_for = Checkpoints(store.layout, store.disk)
    for job, step in ((one, 3), (two, 4)):
        write_for.write(job.key, "training", Standing(step=step, steps=9), FACTS, image_of(step), HERE)
        write_for.resumes(job.key, step)
    publish(store, one)

    assert run(lambda: plan_of_jobs(one, two, known=store.known), store, perform, Bench(), Silent()).done == 1
    assert list(store.layout.checkpoints.iterdir()) == []
    assert store.artifact(two.key).provenance.resumed == (4,)
    assert store.artifact(one.key).provenance.resumed == ()


def test_a_store_that_is_older_has_none(kept: Checkpoints) -> None:
    kept.layout.checkpoints.rmdir()
    assert kept.standing([KEY]) == {}
    kept.forget_all([KEY])
    assert kept.read(KEY, "training", HERE) is None
