"""Seeds: each role is an axis of its own, and moves what it is about."""

import pytest
from studies import BASELINES, TICKET, cell, planned, spec_of

from ticketlang.jobs import JobKey, canonical
from ticketlang.units import Sparsity


def arms_that_a_seed_moves(role: str, spec: str) -> set[str]:
    """Arms that two seeds of a role train twice; cells are told apart by it all the same."""
    plan = planned(spec.replace("SEEDS", f"{{ {role} 1, 2 }}"))
    one = planned(spec.replace("SEEDS", f"{{ {role} 1 }}"))
    assert len({c.id for c in plan.cells}) == len(plan.cells) == 2 * len(one.cells)
    runs: dict[str, set[JobKey]] = {}
    for c, key in plan.cells.items():
        if c.level in {None, Sparsity.percent(30)}:
            runs.setdefault(c.arm, set()).add(key)
    return {arm for arm, keys in runs.items() if len(keys) == 2}


@pytest.mark.parametrize(
    ("role", "moved"),
    [
        ("search", {"imp", "random_init"}),
        ("head", {"dense", "imp", "random_mask", "random_init"}),
        ("order", {"dense", "imp", "random_mask", "random_init"}),
        ("dropout", {"dense", "imp", "random_mask", "random_init"}),
        ("subset", {"dense", "imp", "random_mask", "random_init"}),
        ("mask", {"random_mask"}),
        ("weights", {"random_init"}),
        ("masking", set()),
    ],
)
def test_every_role_is_an_axis_and_moves_what_it_is_about(role: str, moved: set[str]) -> None:
    spec = spec_of(TICKET.replace("source a, b", "source a") + BASELINES, seeds="SEEDS")
    assert arms_that_a_seed_moves(role, spec) == moved


def test_masking_moves_what_masks_words_alone_and_goes_by_the_order_unless_it_is_said() -> None:
    masked = """
task text {
  kind masked words
  data files "text/{split}.txt"
  text text
  train 1 epoch
  batch 8 examples
  rate 1e-4 linear
  length 32 tokens
}
"""
    ticket = TICKET.replace("source a, b", "source text")
    spec = masked + spec_of(ticket + BASELINES, seeds="SEEDS")
    assert arms_that_a_seed_moves("masking", spec) == {"dense", "imp", "random_mask", "random_init"}
    plan = planned(spec.replace("SEEDS", "{ order 5 }"))
    assert {cell(plan, c.id).seeds.masking for c in plan.cells} == {None}
    assert "masking" not in canonical(cell(plan, next(iter(plan.cells)).id).seeds)
    same, other = planned(spec.replace("SEEDS", "{ order 5; masking 5 }")), spec.replace("SEEDS", "{ masking 5 }")
    assert same.jobs.keys() == plan.jobs.keys(), "said or not, words are masked as the order says"
    assert planned(other).jobs.keys() != plan.jobs.keys()
