"""Desks: one with nothing done yet, and one on which the study has run."""

from pathlib import Path
from shutil import copytree

import pytest
from desk import SPEC, Answer, Desk
from small_world import make_data, make_model


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    make_model(folder / "model")
    make_data(folder)
    return folder


@pytest.fixture
def desk(world: Path, tmp_path: Path) -> Desk:
    """An empty desk: the world and the spec, and no results."""
    made = Desk(copytree(world, tmp_path / "desk"))
    made.write(SPEC)
    return made


@pytest.fixture(scope="session")
def finished(world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Answer]:
    """A desk on which the study has run to its end, and what it said. Look, and do not touch: use `again`."""
    made = Desk(copytree(world, tmp_path_factory.mktemp("finished") / "desk"))
    made.write(SPEC)
    return made, made.ticketrun("small.ticket", "--workers", "1")


@pytest.fixture
def again(finished: tuple[Desk, Answer], tmp_path: Path) -> Desk:
    """A copy of the desk on which the study has run."""
    return Desk(copytree(finished[0].folder, tmp_path / "desk"))
