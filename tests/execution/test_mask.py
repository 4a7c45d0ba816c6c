"""Masks: True = kept, one per matrix, and files of one bit a weight."""

import os
from fractions import Fraction
from pathlib import Path
from stat import S_IMODE

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from safetensors.numpy import save_file

from runtime.masks import BadMaskFile, read_mask, write_mask
from runtime.pruning.mask import Mask
from runtime.tensors import write_tensors


def test_what_is_removed_becomes_zero_and_the_rest_stays() -> None:
    weights = {"a": torch.tensor([[1.0, float("inf")], [3.0, 4.0]]), "b": torch.tensor([5.0])}

    Mask({"a": torch.tensor([[True, False], [False, True]])}).apply_(weights)

    assert weights["a"].tolist() == [[1.0, 0.0], [0.0, 4.0]]
    assert weights["b"].tolist() == [5.0]


def test_only_true_and_false_make_a_mask() -> None:
    with pytest.raises(ValueError, match="mask of `a` must be a tensor of True and False"):
        Mask({"a": torch.ones(2)})


def test_a_mask_of_another_network_changes_nothing() -> None:
    weights = {"a": torch.ones(2)}
    with pytest.raises(ValueError, match="`b`, and the network has no such matrix"):
        Mask({"a": torch.tensor([False, False]), "b": torch.tensor([True])}).apply_(weights)
    with pytest.raises(ValueError, match="shape"):
        Mask({"a": torch.tensor([[False, True]])}).apply_(weights)
    assert weights["a"].tolist() == [1.0, 1.0]


def test_counts_and_collapse() -> None:
    nearly_nothing = torch.zeros(1000, dtype=torch.bool)
    nearly_nothing[:9] = True
    one_in_a_hundred = torch.zeros(100, dtype=torch.bool)
    one_in_a_hundred[3] = True
    mask = Mask({"thin": nearly_nothing, "edge": one_in_a_hundred})

    assert mask.per_matrix() == {"thin": (991, 1000), "edge": (99, 100)}
    assert mask.sparsity == Fraction(1090, 1100)
    assert mask.collapsed() == ("thin",)


@pytest.mark.parametrize("shape", [(1,), (7, 3), (8, 8), (5, 13)])
def test_a_file_gives_back_what_was_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """In the order in which it was written, which is not that of the alphabet."""
    drawn = np.random.default_rng(0)
    kept = {name: drawn.random(shape) < 0.5 for name in ("z", "a", "m")}

    write_mask(tmp_path / "mask", kept)
    found = read_mask(tmp_path / "mask")

    assert list(found) == ["z", "a", "m"]
    assert all(found[name].dtype == np.bool_ and np.array_equal(found[name], bits) for name, bits in kept.items())


def test_the_same_mask_gives_the_same_bytes(tmp_path: Path) -> None:
    kept = {f"matrix {n}": np.arange(40).reshape(5, 8) % (n + 2) == 0 for n in range(20)}
    write_mask(tmp_path / "one", kept)
    write_mask(tmp_path / "two", kept)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_weight_takes_a_bit(tmp_path: Path) -> None:
    write_mask(tmp_path / "mask", {"a": np.ones((800, 1000), dtype=np.bool_)})
    assert (tmp_path / "mask").stat().st_size < 100_000 + 500


def test_a_mask_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_mask(tmp_path / "mask", {"a": np.ones(8, dtype=np.bool_)}, {"cell": object()})
    with pytest.raises((SafetensorError, TypeError, KeyError)):
        write_tensors(tmp_path / "tensors", {"a": np.array(["text"])})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("umask", [0o002, 0o027, 0o077])
def test_the_umask_says_who_may_read_a_mask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        for _ in range(2):  # anew, and in place of the first
            write_mask(tmp_path / "mask", {"a": np.ones(8, dtype=np.bool_)})
            assert S_IMODE((tmp_path / "mask").stat().st_mode) == 0o666 & ~umask
    finally:
        os.umask(before)


def test_what_is_no_mask_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a mask")
    save_file({"a": np.zeros(3, dtype=np.uint8)}, tmp_path / "weights")
    save_file({"a": np.zeros(3, dtype=np.uint8)}, tmp_path / "short", metadata={"shapes": '{"a": [5, 5]}'})
    for name in ("text", "weights", "short"):
        with pytest.raises(BadMaskFile, match="cannot be read as a mask"):
            read_mask(tmp_path / name)
