"""Exactly as many weights go as were asked for, the lowest, and of equals those that come first."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Literal

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import prune as peer

from runtime.failures import JobFailed
from runtime.pruning import magnitude, random
from runtime.pruning.budget import Ground, counted, declared, remove, select
from runtime.pruning.lazily import among, each
from runtime.pruning.mask import Mask
from runtime.pruning.material import Material
from runtime.pruning.selection import remove_by_pattern, remove_lowest, remove_of_each
from runtime.pruning.threshold import SAMPLE
from ticketlang.study import Pruning
from ticketlang.units import Sparsity

SHAPES = {"a": (30, 40), "b": (100, 3), "c": (7, 9), "d": (1, 1)}


@pytest.fixture(autouse=True)
def _numbers_near_zero() -> Iterator[None]:
    """The smallest of all floats are there, also where a training of another test has turned them off."""
    are_off = (torch.tensor([1e-38]) / 1e3).item() == 0.0
    torch.set_flush_denormal(False)
    yield
    torch.set_flush_denormal(are_off)


def weights(seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}


def magnitudes(matrices: dict[str, Tensor]) -> Mapping[str, Tensor]:
    return magnitude.scores(Material(weights=matrices))


def drawn(seed: int) -> dict[str, Tensor]:
    return random.scores(Material(weights=weights(), seed=seed))


def torch_masks(matrices: dict[str, Tensor], count: int) -> dict[str, Tensor]:
    """What torch.nn.utils.prune.global_unstructured keeps of the same weights."""
    modules = [nn.Linear(1, 1) for _ in matrices]
    for module, matrix in zip(modules, matrices.values(), strict=True):
        module.weight = nn.Parameter(matrix.clone())
    peer.global_unstructured([(module, "weight") for module in modules], peer.L1Unstructured, amount=count)
    return {name: module.weight_mask.bool() for name, module in zip(matrices, modules, strict=True)}


@pytest.mark.parametrize("count", [1, 2, 17, 500, 1000, 1562, 1563])
def test_the_mask_is_that_of_torch(count: int) -> None:
    """Bit for bit, where no two weights are of the same magnitude."""
    matrices = weights()

    mask = remove_lowest(magnitudes(matrices), count)

    expected = torch_masks(matrices, count)
    assert all(torch.equal(bits, expected[name]) for name, bits in mask.kept.items())


@pytest.mark.parametrize("count", [10, 700, 1500])
def test_with_ties_the_count_and_the_magnitudes_are_those_of_torch(count: int) -> None:
    """Which of the equals go is another question; how many, and how large they are, is not."""
    matrices = {name: (matrix * 4).round() / 4 for name, matrix in weights().items()}

    mask = remove_lowest(magnitudes(matrices), count)

    expected = torch_masks(matrices, count)
    assert mask.removed == count
    assert torch.equal(kept_magnitudes(matrices, mask.kept), kept_magnitudes(matrices, expected))


def kept_magnitudes(matrices: dict[str, Tensor], kept: dict[str, Tensor]) -> Tensor:
    return torch.cat([matrix.abs()[kept[name]] for name, matrix in matrices.items()]).sort().values


def test_of_equals_the_first_go_in_the_order_of_the_matrices() -> None:
    scores = {"late": torch.tensor([[1.0, 1.0, 2.0], [1.0, 3.0, 1.0]]), "early": torch.tensor([1.0, 0.0, 1.0])}

    mask = remove_lowest(scores, 4)

    assert mask.kept["late"].tolist() == [[False, False, True], [False, True, True]]
    assert mask.kept["early"].tolist() == [True, False, True]


@settings(deadline=None, max_examples=60)
@given(
    values=st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=60),
    cut=st.integers(0, 60),
    share=st.fractions(0, 1),
)
def test_it_is_a_sort_by_score_and_place(values: list[float], cut: int, share: Fraction) -> None:
    """Of any floats whatever: infinities, zeros of both signs, and numbers too small to compute with among them."""
    count = round(share * len(values))
    parts = {"a": torch.tensor(values[:cut]), "b": torch.tensor(values[cut:])}
    scores = {name: part.float() for name, part in parts.items() if part.numel()}

    kept = torch.cat(list(remove_lowest(scores, count).kept.values()))

    lowest = sorted(range(len(values)), key=lambda place: (values[place], place))[:count]
    assert sorted(set(range(len(values))) - set(lowest)) == kept.nonzero().flatten().tolist()


def sorted_out(scores: Mapping[str, Tensor], count: int) -> Tensor:
    """What is kept of all matrices in one row, by a stable sort."""
    flat = torch.cat([score.flatten() for score in scores.values()])
    kept = torch.ones(len(flat), dtype=torch.bool)
    kept[flat.sort(stable=True).indices[:count]] = False
    return kept


def every_second_is_large(length: int) -> Tensor:
    """A sample at even distances sees nothing of the small ones."""
    values = torch.rand(length, generator=torch.Generator().manual_seed(1))
    return values + (torch.arange(length) % 2 == 0)


LARGE = 3 * SAMPLE + 5  # so that a sample does not see everything
LOOKS = {
    "normal": lambda: torch.randn(LARGE, generator=torch.Generator().manual_seed(2)),
    "rising": lambda: torch.arange(LARGE).float(),
    "hidden from a sample": lambda: every_second_is_large(LARGE),
    "nearly all the same": lambda: torch.full((LARGE,), 0.5).index_fill_(0, torch.arange(0, LARGE, 1001), 0.25),
    "too small to compute with": lambda: torch.arange(LARGE, dtype=torch.int32).view(torch.float32),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("share", [0.0, 1e-5, 0.3, 0.5, 0.999, 1.0])
def test_many_weights_go_as_they_would_by_a_sort(look: str, share: float) -> None:
    """Also where the weights that are looked at first are like none of the others, bit for bit."""
    values = LOOKS[look]()
    scores = {"a": values[:1000].view(10, 100), "b": values[1000:]}
    count = round(share * LARGE)

    kept = remove_lowest(scores, count).kept

    assert torch.equal(torch.cat([bits.flatten() for bits in kept.values()]), sorted_out(scores, count))


def test_numbers_near_zero_have_an_order_where_arithmetic_knows_none() -> None:
    """Trainings take them for zero, and must prune the same weights as one who looks at the file."""
    scores = {"a": torch.tensor([3e-42, 1e-45, -0.0, 2e-40, -4e-42, 0.0])}
    torch.set_flush_denormal(True)
    try:
        kept = remove_lowest(scores, 4).kept["a"]
    finally:
        torch.set_flush_denormal(False)
    assert kept.tolist() == [True, False, False, True, False, False]


def test_scores_may_be_made_when_they_are_looked_at() -> None:
    """The same mask as of scores that lie ready, with and without a mask to start from; and never all at once."""
    matrices, largest = weights(), []

    def make(some: Tensor) -> Tensor:
        largest.append(some.numel())
        return some.abs()

    first = remove_lowest(each(matrices, make), 300)
    second = remove_lowest(among(["b", "a"], each(matrices, make)), 700, Mask({n: first.kept[n] for n in ("b", "a")}))

    ready = magnitudes(matrices)
    expected = remove_lowest(ready, 300)
    assert all(torch.equal(bits, expected.kept[name]) for name, bits in first.kept.items())
    again = remove_lowest({n: ready[n] for n in ("b", "a")}, 700, Mask({n: expected.kept[n] for n in ("b", "a")}))
    assert all(torch.equal(bits, again.kept[name]) for name, bits in second.kept.items())
    assert list(second.kept) == ["b", "a"]
    assert max(largest) <= max(matrix.numel() for matrix in matrices.values())


def test_levels_nest_and_nothing_comes_back() -> None:
    """A removed weight stays removed, even where it scores highest now."""
    first = remove_lowest(magnitudes(weights(0)), 300)
    revived = {name: torch.where(bits, 0.0, 9.0) for name, bits in first.kept.items()}

    second = remove_lowest(revived, 800, start=first)

    assert second.is_inside(first)
    assert not first.is_inside(second)
    assert second.removed == 800


def test_removing_less_than_is_gone_is_refused() -> None:
    first = remove_lowest(magnitudes(weights()), 300)
    with pytest.raises(ValueError, match="none comes back"):
        remove_lowest(magnitudes(weights()), 299, start=first)


@pytest.mark.parametrize("other", [1.0, -1.0])
@pytest.mark.parametrize("bits", [0x7FC00000, 0x7F800001, -0x400000], ids=["nan", "signalling", "-nan"])
def test_a_score_that_is_no_number_is_refused(bits: int, other: float) -> None:
    """Processors make such numbers with and without a sign."""
    nan = torch.tensor([bits], dtype=torch.int32).view(torch.float32)
    with pytest.raises(ValueError, match="`a` is not a number"):
        remove_lowest({"a": torch.cat([torch.tensor([other]), nan])}, 1)


@pytest.mark.parametrize("values", [[3.0, 1.0, 2.0], [3.0, -1.0, 2.0]])
def test_scores_stay_as_they_are(values: list[float]) -> None:
    scores = {"a": torch.tensor(values)}
    first = remove_lowest(scores, 1)
    remove_lowest(scores, 2, first)

    assert scores["a"].tolist() == values


def test_per_layer_takes_the_same_share_of_each() -> None:
    half = Pruning(method="magnitude", allocation="per layer", scope=("encoder",))
    mask = select(half, Sparsity.percent(50), magnitudes(weights()))

    assert mask.per_matrix() == {"a": (600, 1200), "b": (150, 300), "c": (32, 63), "d": (0, 1)}  # 31.5 and 0.5, to even


@pytest.mark.parametrize("allocation", ["per layer", "erk"])
@given(
    shapes=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=3),
    levels=st.lists(st.integers(1, 95), min_size=2, max_size=4, unique=True).map(sorted),
)
@example(shapes=[(3, 3), (6, 2), (7, 2), (9, 4)], levels=[60, 63])  # 22 of 36 are gone, ahead of the whole
@settings(deadline=None, max_examples=15)
def test_levels_of_many_steps_nest_in_the_smallest_matrices(
    allocation: Literal["per layer", "erk"], shapes: list[tuple[int, int]], levels: list[int]
) -> None:
    """Between two levels a share of each may round to less than is gone; at a level the counts are exact."""
    pruning = Pruning(method="synflow", allocation=allocation, scope=("encoder",), iterations=20)
    generator = torch.Generator().manual_seed(1)
    matrices = {f"{n}": torch.randn(shape, generator=generator) for n, shape in enumerate(shapes)}
    ground, mask = Ground(matrices, {}), None
    for level in levels:
        sparsity = Sparsity.percent(level)
        found = remove(magnitude, pruning, sparsity, Material(weights=matrices).under(mask), ground, mask)
        assert counted(found, ground) == declared(pruning, sparsity, ground)
        assert mask is None or found.is_inside(mask)
        mask = found


def test_random_levels_nest_and_seeds_differ() -> None:
    low, high = (remove_lowest(drawn(1), count) for count in (400, 900))
    other = remove_lowest(drawn(2), 400)

    assert high.is_inside(low)
    assert any(not torch.equal(bits, other.kept[name]) for name, bits in low.kept.items())


def test_a_random_mask_is_even_over_the_matrices() -> None:
    """Half of 1,200 gone is 600 give or take; six standard deviations of a hypergeometric count are 51."""
    total = sum(weight.numel() for weight in weights().values())

    removed, of = remove_lowest(drawn(5), total // 2).per_matrix()["a"]

    assert of == 1200
    assert abs(removed - 600) < 51


def test_a_random_mask_can_copy_the_share_of_each_matrix() -> None:
    like = remove_lowest(magnitudes(weights()), 900)
    counts = {name: removed for name, (removed, _) in like.per_matrix().items()}

    mask = remove_of_each(drawn(1), counts)

    assert mask.per_matrix() == like.per_matrix()
    assert not mask.is_inside(like)


def test_the_draw_of_a_matrix_does_not_depend_on_the_scope() -> None:
    one = random.scores(Material(weights={"b": torch.zeros(100, 3)}, seed=1))["b"]
    assert torch.equal(one, drawn(1)["b"])


def test_a_full_mask_keeps_everything() -> None:
    mask = Mask.of_all(weights())
    assert (mask.removed, mask.total, mask.sparsity) == (0, 1564, 0)


def test_a_pattern_keeps_the_highest_of_every_few_neighbours() -> None:
    """2:4 by hand: along a row, in each group by itself, of equals the first goes."""
    scores = {"a": torch.tensor([[4.0, 1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 9.0], [1.0, 1.0, 1.0, 1.0, 8.0, 7.0, 6.0, 5.0]])}

    mask = remove_by_pattern(scores, 2, 4)

    assert mask.kept["a"].int().tolist() == [[1, 0, 0, 1, 0, 0, 1, 1], [0, 0, 1, 1, 1, 1, 0, 0]]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), kept=st.integers(1, 7), more=st.integers(1, 4))
def test_every_group_of_a_pattern_keeps_as_many_and_none_lower(seed: int, kept: int, more: int) -> None:
    of = kept + more
    score = torch.randn((3, 2 * of), generator=torch.Generator().manual_seed(seed))

    groups = remove_by_pattern({"a": score}, kept, of).kept["a"].reshape(-1, of)

    assert (groups.sum(1) == kept).all()
    scores = score.reshape(-1, of)
    assert (scores.where(groups, torch.inf).min(1).values >= scores.where(~groups, -torch.inf).max(1).values).all()


def test_a_pattern_that_does_not_fill_a_row_is_refused() -> None:
    with pytest.raises(JobFailed, match="a row of `b` has 3 weights, and groups of 4 do not fill it"):
        remove_by_pattern(magnitudes(weights()), 2, 4)
