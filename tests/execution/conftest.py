"""What all tests of the execution share: a tiny model, its data, and a world to do jobs in."""

import shutil
from pathlib import Path

import pytest
import torch
from small_world import World, make_data, make_model

from runtime.store import Store


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Two threads beside another busy process are slower than one, and these matrices are tiny."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make_data(folder)
    return folder


@pytest.fixture(scope="session")
def dry_and_wet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with the heads of its pre-training, as `dry` without dropout and as `wet` with it, and the data."""
    folder = tmp_path_factory.mktemp("dry_and_wet")
    make_model(folder / "dry", has_head=True, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    make_model(folder / "wet", has_head=True)
    make_data(folder)
    return folder


@pytest.fixture
def world(model_folder: Path, data_folder: Path, tmp_path: Path) -> World:
    return World.open(model_folder, data_folder, tmp_path / "store")


@pytest.fixture
def store(honest: Path, tmp_path: Path) -> Store:
    """A copy of the store that the fixture `honest` of a module has filled: one that may be forged."""
    return Store.open(Path(shutil.copytree(honest, tmp_path / "store")))
