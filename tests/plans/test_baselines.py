"""Baselines: where they run, what they share, and in what they differ from their tickets."""

from studies import BASELINES, TICKET, cell, jobs, planned, spec_of

from ticketlang.jobs import CombineMasks, DrawMask, Pretrained, RandomWeights
from ticketlang.units import Sparsity


def test_a_random_mask_of_the_whole_scope_does_not_depend_on_the_source() -> None:
    plan = planned(spec_of(TICKET + "baselines random_mask\ntransfer imp at 70% to a, b\n", seeds="1"))

    assert len(jobs(plan, DrawMask)) == 3
    assert len([c for c in plan.cells if c.arm == "random_mask"]) == 3 * 2


def test_a_baseline_runs_wherever_its_ticket_runs() -> None:
    plan = planned(spec_of(TICKET + BASELINES + "transfer imp at 50% to a, b\n"))

    tickets = {(c.level, c.target, c.seeds, c.ticket) for c in plan.cells if c.arm == "imp"}
    random_init = {(c.level, c.target, c.seeds, c.ticket) for c in plan.cells if c.arm == "random_init"}
    assert tickets == random_init
    assert {(c.target, c.seeds) for c in plan.cells if c.arm == "dense"} == {(t, s) for _, t, s, _ in tickets}


def test_a_baseline_differs_from_its_ticket_in_the_factor_it_names() -> None:
    plan = planned(spec_of(TICKET + BASELINES, seeds="1"))
    ticket = cell(plan, "imp/a@50%/a/seed=1")

    masked = cell(plan, "random_mask@50%/a/seed=1")
    assert (masked.weights, masked.seeds, masked.task) == (ticket.weights, ticket.seeds, ticket.task)
    assert masked.mask != ticket.mask

    redrawn = cell(plan, "random_init.imp/a@50%/a/seed=1")
    assert (redrawn.mask, redrawn.seeds, redrawn.task) == (ticket.mask, ticket.seeds, ticket.task)
    assert (ticket.weights, redrawn.weights) == (Pretrained(), RandomWeights(over="all", seed=1))


def test_an_arm_that_goes_on_from_each_round_has_a_cell_for_each_level() -> None:
    """Standard pruning, compared with the same weights unpruned."""
    body = TICKET.replace("rewind 0 steps", "rewind nothing").replace("source a, b", "source a")
    spec = "arm unpruned { mask none }\n" + spec_of(body + "baselines unpruned, dense\n", seeds="1")
    cells = {cell.id: key for cell, key in planned(spec).cells.items()}
    unpruned = {name: key for name, key in cells.items() if name.startswith("unpruned")}
    assert list(unpruned) == [f"unpruned.imp/a@{level}%/a/seed=1" for level in (30, 50, 70)]
    assert len(set(unpruned.values())) == 3
    assert "dense/a/seed=1" in cells


OPERATORS = """
arm turned {{ mask inverted of ticket }}
arm both {{ mask union of ticket with imp from b }}
arm common {{ mask intersection of ticket with late }}
"""


def with_operators(body: str, seeds: str = "1") -> str:
    return OPERATORS.format() + spec_of(body, seeds=seeds)


def test_masks_are_inverted_and_combined_level_by_level_and_seed_by_seed() -> None:
    late = TICKET.replace("ticket imp", "ticket late").replace("30%, ", "").replace("0 steps", "5% of training")
    plan = planned(with_operators(TICKET + late + "baselines turned, both, common\n", seeds="1, 2"))
    masks = {(c.arm, c.ticket.label, c.level, c.seeds.search): cell(plan, c.id).mask for c in plan.cells if c.ticket}

    def combined(arm: str, label: str, percent: int) -> CombineMasks:
        return plan.jobs[masks[arm, label, Sparsity.percent(percent), 2]].job

    own = masks["imp", "imp/a", Sparsity.percent(50), 2]
    assert combined("turned", "imp/a", 50) == CombineMasks(operation="inverted", masks=(own,))
    other = masks["imp", "imp/b", Sparsity.percent(50), 2]
    assert set(combined("both", "imp/a", 50).masks) == {own, other}
    assert set(combined("common", "imp/a", 50).masks) == {own, masks["late", "late/a", Sparsity.percent(50), 2]}

    assert ("both", "imp/b", Sparsity.percent(50), 2) not in masks, "a mask is not combined with itself"
    assert ("common", "imp/a", Sparsity.percent(30), 2) not in masks, "its partner has no such level"
    assert ("common", "late/a", Sparsity.percent(50), 2) not in masks


def test_a_union_is_the_same_mask_from_either_side() -> None:
    late = TICKET.replace("ticket imp", "ticket late").replace("0 steps", "5% of training")
    arms = "arm one { mask union of ticket with late }\narm other { mask union of ticket with imp }\n"
    plan = planned(arms + spec_of(TICKET + late + "baselines one, other\n", seeds="1"))

    assert len(jobs(plan, CombineMasks)) == 2 * 3
    one, other = cell(plan, "one.imp/a@50%/a/seed=1"), cell(plan, "other.late/a@50%/a/seed=1")
    assert one.mask == other.mask
    assert one.weights != other.weights


def test_random_masks_beside_a_pattern_have_it() -> None:
    """Weights anywhere in the scope would be another control: of how much goes, and of where, at once."""
    patterned = TICKET.replace("ticket imp", "ticket sparse").replace("magnitude global", "magnitude 2:4")
    patterned = patterned.replace("30%, 50%, 70% of original", "50% of original")
    plan = planned(spec_of(TICKET + patterned + "baselines random_mask, random_layer_mask\n", seeds="1"))

    def drawn(name: str) -> DrawMask:
        job = plan.jobs[cell(plan, name).mask].job  # type: ignore[index]  # it has one
        assert isinstance(job, DrawMask)
        return job

    assert drawn("random_mask.sparse/a@50%/a/seed=1").pattern == (2, 4)
    assert drawn("random_layer_mask.sparse/a@50%/a/seed=1") == drawn("random_mask.sparse/a@50%/a/seed=1")
    assert drawn("random_mask.imp/a@50%/a/seed=1").pattern is None
    assert drawn("random_layer_mask.imp/a@50%/a/seed=1").like is not None
