"""What a study asks for: jobs in order, each once, and cells with names of their own."""

import pytest
from studies import BASELINES, SCORED, TICKET, cell, jobs, planned, spec_of, study_of

from ticketlang.jobs import FineTune, PretrainedHead, Prune, inputs_of
from ticketlang.units import Sparsity


def test_every_job_comes_after_its_inputs() -> None:
    plan = planned(spec_of(TICKET + BASELINES + "transfer imp at 70% to a, b\n"))

    done: set[str] = set()
    for key, entry in plan.jobs.items():
        assert done.issuperset(inputs_of(entry.job))
        done.add(key)


def test_training_a_ticket_on_its_source_is_the_next_round() -> None:
    """Three levels of one source and seed: the dense round, two more rounds, and the last ticket: four trainings."""
    plan = planned(spec_of(TICKET, seeds="1", tasks=("a", "b")))

    assert len(jobs(plan, FineTune)) == 2 * 4
    assert len(jobs(plan, Prune)) == 2 * 3
    assert plan.shared == 2 * 2


def test_the_first_round_is_the_dense_arm() -> None:
    without = planned(spec_of(TICKET, seeds="1"))
    with_dense = planned(spec_of(TICKET + "baselines dense\n", seeds="1"))

    assert without.jobs.keys() == with_dense.jobs.keys()
    assert cell(with_dense, "dense/a/seed=1").mask is None


def test_levels_are_read_from_the_path() -> None:
    body = TICKET.replace("sparsity 30%, 50%, 70%", "rounds 30%, 50%, 70% of original\n  sparsity 50%, 70%")
    plan = planned(spec_of(body, seeds="1"))

    assert len(jobs(plan, Prune)) == 2 * 3
    assert {str(c.level) for c in plan.cells} == {"50%", "70%"}


def test_equal_texts_give_equal_studies() -> None:
    spec = spec_of(TICKET + BASELINES)
    assert study_of(spec) == study_of("# another place\n\n" + spec)


def test_no_two_cells_share_a_name() -> None:
    """Arms of every kind, beside tickets that differ in rewind point and in source."""
    arm = "arm odd { mask random global; weights random all }\n"
    body = TICKET.replace("0 steps", "0 steps, 5% of training").replace("source", "head fresh in search\n  source")
    plan = planned(arm + spec_of(f"{body}{BASELINES.strip()}, shuffled_init, odd\ntransfer imp at 70% to a, b\n"))

    assert len({c.id for c in plan.cells}) == len(plan.cells)


@pytest.mark.parametrize(
    "protocol",
    [
        "rewind nothing",
        "rewind rates to 1 epoch",
        "rewind 0 steps of pruned matrices",
        "rewind 1 epoch of pruned matrices",
        "rewind 5% of training",
        "head carried in search",
        "head fresh in search",
        "schedule over 3 rounds",
        "first prune",
    ],
)
def test_every_cell_has_one_answer_under_every_protocol(protocol: str) -> None:
    """Beside another ticket, with every baseline, on own and foreign targets."""
    other = TICKET.replace("ticket imp", "ticket other")
    arms = "baselines dense, random_mask, random_init, shuffled_init, random_layer_mask, odd, layers\n"
    own_arms = "arm odd { mask random global; weights random all }\narm layers { weights shuffled layers }\n"
    body = TICKET.replace("rewind 0 steps", protocol) + other + arms
    plan = planned(own_arms + spec_of(body + "transfer imp at 70% to a, b\ntransfer other at 70% to a, b\n"))
    assert len({c.id for c in plan.cells}) == len(plan.cells)


def test_levels_of_gradual_prunings_are_not_connected_by_lines() -> None:
    """The mask of one is not inside that of the other: both are connected with dense alone."""
    report = "baselines dense\nreport mode_connectivity\n"
    for method, levels in (("magnitude", {None, Sparsity.percent(30)}), ("gradual magnitude", {None})):
        plan = planned(spec_of(SCORED.format(method, "") + report, seeds="1"))
        assert {line.cell.level for line in plan.lines} == levels


MASKED_WORDS = """
task {name} {{
  kind masked words
  data files "{name}/{{split}}.txt"
  text text
  head {head}
  train 1 epoch
  batch 8 examples
  rate 1e-4 linear
  length 32 tokens
}}
"""


def test_tickets_that_transfer_with_different_heads_have_baselines_of_their_own() -> None:
    """A mask that both could share is trained with the head of its ticket."""
    other = TICKET.replace("ticket imp", "ticket other").replace("rewind", "head pretrained in transfer\n  rewind")
    moves = "transfer imp at 70% to text\ntransfer other at 70% to text\nbaselines random_mask\n"
    plan = planned(MASKED_WORDS.format(name="text", head="fresh") + spec_of(TICKET + other + moves, seeds="1"))

    assert cell(plan, "random_mask@70%/text/seed=1").head is None
    assert cell(plan, "random_mask.other/a@70%/text/seed=1").head == PretrainedHead()


@pytest.mark.parametrize(("head", "names_it"), [("pretrained", False), ("fresh", True)])
def test_a_head_that_the_task_begins_with_is_the_same_however_it_is_said(head: str, names_it: bool) -> None:
    """In the search and in a transfer: dense networks, and tickets that do not say it, are trained with that one."""
    said = TICKET.replace("source a, b", "source text").replace("rewind", "head pretrained in search\n  rewind")
    moved = TICKET.replace("ticket imp", "ticket moved").replace("rewind", "head pretrained in transfer\n  rewind")
    body = said + moved + "transfer moved at 70% to text\nbaselines dense\n"
    plan = planned(MASKED_WORDS.format(name="text", head=head) + spec_of(body, seeds="1"))

    named = {job.head for job in jobs(plan, FineTune) if job.task.name == "text"} - {None}
    assert named == ({PretrainedHead()} if names_it else set())


GRADUAL = "prune gradual magnitude of encoder from {} to 50% of training"


@pytest.mark.parametrize("nothing", ["0 epochs", "0% of training"])
def test_the_start_of_a_training_is_one_point_however_it_is_said(nothing: str) -> None:
    def spec(start: str) -> str:
        ticket = TICKET.replace("rewind 0 steps", f"rewind {start}; warmup {start}")
        gradual = ticket.replace("ticket imp", "ticket gradual").replace(
            "prune magnitude global of encoder", GRADUAL.format(start.removesuffix(" of training"))
        )
        return spec_of(ticket + gradual, seeds="1")

    assert planned(spec(nothing)).jobs.keys() == planned(spec("0 steps")).jobs.keys()
