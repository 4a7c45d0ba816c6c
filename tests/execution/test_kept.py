"""Examples in files: the same as those that are made, mapped, and made anew where a bit of them is another."""

from pathlib import Path

import attrs
import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from small_world import World, count, same, spans, text, warm

from runtime.jobs.proofs import fingerprint
from runtime.progress import Silent
from runtime.tasks import kept as kept_module
from runtime.tasks.blocks import SEAL
from runtime.tasks.prepared import Prepared
from runtime.workshop import Workshop
from ticketlang.study import Task

TASKS = [warm(), same(limit=20), count(best_on="validation"), spans(), warm(best_on="train")]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def prepared(world: World, cache: Path, task: Task, seed: int = 1) -> Prepared:
    """By a workshop of its own, as another process would have it."""
    return Workshop.open(world.workshop.places, Silent(), "cpu", cache).examples(task, "m", "data", seed)


def is_equal(one: object, other: object) -> bool:
    if attrs.has(type(one)):
        return type(one) is type(other) and all(
            is_equal(getattr(one, field.name), getattr(other, field.name)) for field in attrs.fields(type(one))
        )
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(is_equal, one, other))  # type: ignore[arg-type]  # as long as the one
    return one == other


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.name} {task.best_on or ''}")
def test_examples_are_read_as_they_were_made(
    world: World, cache: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = prepared(world, cache, task)
    monkeypatch.setattr(Workshop, "_prepare", None)  # whoever makes them again fails
    read = prepared(world, cache, task)

    assert is_equal(made, read)
    assert (read.best is read.score) == (made.best is made.score)
    assert fingerprint(read.train) == fingerprint(made.train)
    assert isinstance(read.train.tokens.base, np.memmap)


def test_whatever_decides_them_is_in_the_name(world: World, cache: Path) -> None:
    for task, seed in ((warm(), 1), (warm(length=9), 1), (same(), 1), (warm(limit=5), 1), (warm(limit=5), 2)):
        prepared(world, cache, task, seed)
    assert len(list((cache / "examples").iterdir())) == 5

    prepared(world, cache, warm(), seed=2)  # nothing is drawn where there is no limit
    assert len(list((cache / "examples").iterdir())) == 5


@pytest.mark.parametrize("harm", ["shorter", "longer", "a bit", "empty", "another's"])
def test_a_damaged_file_is_made_anew(world: World, cache: Path, harm: str) -> None:
    made = prepared(world, cache, warm())
    (path,) = (cache / "examples").iterdir()
    whole = path.read_bytes()
    for place in range(0, len(whole), 997):
        broken = {
            "shorter": whole[:place],
            "longer": whole + b"\0",
            "a bit": whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :],
            "empty": b"",
        }
        if harm == "another's":
            prepared(world, cache, warm(length=9))
            (other,) = set((cache / "examples").iterdir()) - {path}
            broken[harm] = other.read_bytes()
        path.write_bytes(broken[harm])
        assert is_equal(prepared(world, cache, warm()), made)
        assert path.read_bytes() == whole
        if harm not in {"shorter", "a bit"}:
            break


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), SafetensorError("No space left on device (os error 28)")]
)
def test_a_cache_that_cannot_be_written_to_costs_time_alone(
    world: World, cache: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(kept_module, "write_tensors", refuse)
    assert len(prepared(world, cache, warm()).train) == 90
    assert list((cache / "examples").iterdir()) == []


def test_a_corpus_goes_elsewhere_where_the_cache_takes_nothing(world: World, cache: Path, tmp_path: Path) -> None:
    """Blocks are mapped from a file: without one there would be no training at all."""
    made = fingerprint(prepared(world, cache, text()).train)
    (tmp_path / "full").write_text("no folder")

    assert fingerprint(prepared(world, tmp_path / "full", text()).train) == made
    assert (tmp_path / "full").read_text() == "no folder"


def test_a_corpus_is_not_written_twice(world: World, cache: Path) -> None:
    prepared(world, cache, text())
    assert not (cache / "examples").exists()


@pytest.mark.parametrize("harm", ["shorter", "a bit", "no seal"])
def test_a_damaged_corpus_is_made_anew(world: World, cache: Path, harm: str) -> None:
    made = fingerprint(prepared(world, cache, text()).train)
    before = {path: path.read_bytes() for path in (cache / "blocks").iterdir()}
    assert len(before) == 4  # blocks and their seal, of two parts
    for path, content in before.items():
        match harm:
            case "shorter" if path.suffix != SEAL:
                path.write_bytes(content[: len(content) // 2])
            case "a bit" if path.suffix != SEAL:
                path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
            case "no seal" if path.suffix == SEAL:
                path.unlink()

    assert fingerprint(prepared(world, cache, text()).train) == made
    assert {path: path.read_bytes() for path in (cache / "blocks").iterdir()} == before
