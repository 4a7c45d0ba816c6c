"""What a spec means: exact quantities, axes, paths, and places."""

from fractions import Fraction
from pathlib import Path

import pytest

from ticketlang.pipeline import Checked, check
from ticketlang.source import Source
from ticketlang.study import Optimizer, Seeds, Study, Ticket
from ticketlang.units import START, Duration, Sparsity

FRAME = """
use chen2020
study s {{
  model folder "m"
  seeds {seeds}
  ticket imp {{
    {ticket}
  }}
  {study}
}}
"""
TICKET = "source mrpc; prune magnitude of encoder; sparsity 50% of original"


def checked(ticket: str = TICKET, study: str = "", seeds: str = "1, 2") -> Checked:
    return check(Source("s.ticket", FRAME.format(ticket=ticket, study=study, seeds=seeds)))


def study_of(ticket: str = TICKET, study: str = "", seeds: str = "1, 2") -> Study:
    found = checked(ticket, study, seeds)
    assert found.study is not None, [f"{d.at}: {d.message}" for d in found.diagnostics]
    return found.study


def ticket_of(text: str) -> Ticket:
    (ticket,) = study_of(text).tickets
    return ticket


def test_a_use_that_fails_is_the_one_mistake() -> None:
    """Whatever a name means may stand in the file that was not had."""
    text = FRAME.format(
        seeds="1",
        ticket="extends protocol; source mrpc",
        study="baselines mine; transfer imp to glue; claim c { imp beats yours on rte }",
    ).replace("ticket imp {\n    extends protocol;", "ticket imp extends protocol {\n   ")
    for name in ("chen2002", '"missing.ticket"'):
        found = check(Source("s.ticket", text.replace("chen2020", name)))
        assert found.study is None
        assert len(found.diagnostics) == 1, [f"{d.at}: {d.message}" for d in found.diagnostics]
        assert found.diagnostics[0].code in {"unknown-library", "unreadable-file"}
    settings = check(Source("s.ticket", text.replace("chen2020", "chen2002")), settings=("mrpc.train 1 epoch",))
    assert [d.code for d in settings.diagnostics] == ["unknown-library"]


def test_a_name_that_exists_nowhere_is_not_proposed() -> None:
    found = checked(study="baselines random_msk; claim c { imp at 50% beats randommask on mrpc }")
    assert [d.help_text for d in found.diagnostics if d.code == "unknown-arm"] == ["did you mean `random_mask`?"] * 2


def fractions(levels: tuple[Sparsity, ...]) -> list[Fraction]:
    return [level.fraction for level in levels]


def test_sparsities_of_original_are_exact() -> None:
    path = ticket_of("source mrpc; prune magnitude of encoder; sparsity 10% to 70% by 10% of original").path
    assert fractions(path) == [Fraction(tenths, 10) for tenths in range(1, 8)]


def test_sparsities_of_remaining_are_exact() -> None:
    """Twelve rounds of a tenth reach 71.8% (paper, section 2: the rule of its Algorithm 1)."""
    path = ticket_of("source mrpc; prune magnitude of encoder; sparsity 10% to 70% by 10% of remaining").path
    assert fractions(path) == [1 - Fraction(9, 10) ** rounds for rounds in range(1, 13)]


def test_shares_of_remaining_are_taken_from_what_is_left() -> None:
    path = ticket_of("source mrpc; prune magnitude of encoder; sparsity 50%, 50%, 20% of remaining").path
    assert fractions(path) == [Fraction(1, 2), Fraction(3, 4), Fraction(4, 5)]


def test_levels_are_read_from_the_rounds() -> None:
    ticket = ticket_of(
        "source mrpc; prune magnitude of encoder; rounds 10% to 90% by 10% of original; sparsity 50%, 70%"
    )
    assert len(ticket.path) == 9
    assert fractions(ticket.levels) == [Fraction(1, 2), Fraction(7, 10)]


def test_a_level_is_called_as_it_is_shown() -> None:
    ticket = ticket_of(
        "source mrpc; prune magnitude of encoder; rounds 10% to 70% by 10% of remaining; sparsity 71.76%"
    )
    assert fractions(ticket.levels) == [1 - Fraction(9, 10) ** 12]


def test_one_shot_goes_straight_to_each_level() -> None:
    tickets = study_of("source mrpc; prune magnitude of encoder; rounds 1; sparsity 50%, 70% of original").tickets
    assert [fractions(ticket.path) for ticket in tickets] == [[Fraction(1, 2)], [Fraction(7, 10)]]


def test_commas_make_axes_and_plus_makes_one_source() -> None:
    tickets = study_of(
        "source mrpc, rte + mrpc; prune magnitude of encoder, magnitude per layer of encoder + pooler\n"
        "sparsity 50% of original; rewind 0 steps, 5% of training, 2 epochs"
    ).tickets
    assert len(tickets) == 2 * 2 * 3
    assert {ticket.source for ticket in tickets} == {("mrpc",), ("rte", "mrpc")}
    assert {str(ticket.pruning) for ticket in tickets} == {
        "magnitude global of encoder",
        "magnitude per layer of encoder + pooler",
    }
    assert {ticket.rewind for ticket in tickets} == {
        START,
        Duration(Fraction(1, 20), "training"),
        Duration(Fraction(2), "epochs"),
    }


def test_labels_tell_tickets_apart_by_the_axes_that_have_several_values() -> None:
    tickets = study_of(TICKET.replace("mrpc;", "mrpc, rte;") + "; rewind 0 steps, 5% of training").tickets
    assert [ticket.label for ticket in tickets] == [
        "imp[rewind=0 steps]/mrpc",
        "imp[rewind=5% of training]/mrpc",
        "imp[rewind=0 steps]/rte",
        "imp[rewind=5% of training]/rte",
    ]


def test_a_group_stands_for_its_tasks() -> None:
    tickets = study_of(TICKET.replace("source mrpc", "source glue")).tickets
    assert [ticket.source_name for ticket in tickets] == (
        ["mnli", "qqp", "stsb", "wnli", "qnli", "mrpc", "rte", "sst2", "cola"]
    )


def test_the_order_of_a_scope_means_nothing() -> None:
    pooler_first = TICKET.replace("of encoder", "of pooler + encoder")
    encoder_first = TICKET.replace("of encoder", "of encoder + pooler")
    assert study_of(pooler_first) == study_of(encoder_first)


def test_defaults_are_those_of_the_reference() -> None:
    ticket = ticket_of(TICKET)
    assert (ticket.rewind, ticket.first, ticket.search_head, ticket.transfer_head) == (
        START,
        "train",
        "rewound",
        "fresh",
    )
    assert ticket.recipe is None
    task = study_of().tasks["mrpc"]
    assert (task.train_split, task.score_split, task.limit, task.limit_evaluation) == (
        "train",
        "validation",
        None,
        None,
    )
    assert (task.recipe.warmup, task.recipe.optimizer) == (START, Optimizer())


def test_heads_are_said_for_each_training() -> None:
    ticket = ticket_of(TICKET + "; head fresh in search; head fresh in transfer")
    assert (ticket.search_head, ticket.transfer_head) == ("fresh", "fresh")


def test_a_ticket_may_change_the_recipe_of_its_search() -> None:
    ticket = ticket_of(TICKET + "; rate 1e-4; batch 16 examples")
    assert ticket.recipe is not None
    assert (ticket.recipe.rate, ticket.recipe.batch) == (Fraction(1, 10_000), 16)
    assert ticket.recipe.train == Duration(Fraction(3), "epochs"), "the task's own"


def test_rates_are_exact() -> None:
    assert study_of().tasks["mrpc"].recipe.rate == Fraction(2, 100_000)


def test_an_optimizer_keeps_what_is_not_said() -> None:
    ticket = ticket_of(TICKET + "; optimizer adamw decay 0.01 clip none")
    assert ticket.recipe is not None
    assert ticket.recipe.optimizer == Optimizer(decay=Fraction(1, 100), clip=None)


def test_tied_seeds() -> None:
    assert study_of(seeds="1, 3 to 5").seeds == tuple(Seeds.tied(seed) for seed in (1, 3, 4, 5))


def test_seeds_taken_apart_make_a_product() -> None:
    seeds = study_of(seeds="{ search 1, 2; head 3 to 5; mask 7 }").seeds
    assert {(seed.search, seed.head, seed.mask) for seed in seeds} == {(s, h, 7) for s in (1, 2) for h in (3, 4, 5)}
    assert {(seed.order, seed.dropout, seed.weights, seed.subset) for seed in seeds} == {(1, 1, 1, 1)}


def test_the_baselines_of_the_paper() -> None:
    """What each takes from its ticket and what it does not (paper, section 3)."""
    study = study_of(study="baselines dense, random_mask, random_layer_mask, random_init, shuffled_init")
    assert {arm.name: (arm.mask, arm.weights) for arm in study.baselines} == {
        "dense": ("none", "pretrained"),
        "random_mask": ("random global", "ticket"),
        "random_layer_mask": ("random in each matrix", "ticket"),
        "random_init": ("ticket", "random all"),
        "shuffled_init": ("ticket", "shuffled within each matrix"),
    }


def test_transfers_are_at_every_level_unless_said() -> None:
    body = TICKET.replace("50%", "50%, 70%")
    everywhere, one = study_of(body, "transfer imp to rte\ntransfer imp at 70% to glue, rte").transfers
    assert fractions(everywhere.levels) == [Fraction(1, 2), Fraction(7, 10)]
    assert fractions(one.levels) == [Fraction(7, 10)]
    assert len(one.targets) == 9, "a task of a group that is named again is there once"


def test_a_claim_is_kept_as_it_was_written() -> None:
    sentence = "imp   from mrpc at 50%  beats dense by 1.5 points on mrpc,rte # why"
    study = study_of(study=f"baselines dense; transfer imp to rte\nclaim c {{ {sentence}\n }}")
    (claim,) = study.claims
    assert claim.sentence == "imp from mrpc at 50% beats dense by 1.5 points on mrpc, rte"
    assert (claim.margin, claim.targets, claim.quantifier) == (Fraction(3, 2), ("mrpc", "rte"), "every")


def test_tasks_are_those_the_study_uses() -> None:
    assert list(study_of(study="transfer imp to rte").tasks) == ["mrpc", "rte"]


def test_what_is_extended_is_replaced_field_by_field() -> None:
    text = 'use chen2020\ntask small extends mrpc { data files "x/{split}.csv"; limit 10 examples }\n'
    body = FRAME.format(ticket=TICKET.replace("mrpc", "small"), study="", seeds="1").replace("use chen2020", "")
    found = check(Source("s.ticket", text + body)).study
    base = study_of().tasks["mrpc"]
    assert found is not None
    task = found.tasks["small"]
    assert (task.limit, task.data.name) == (10, "x/{split}.csv")
    assert (task.text, task.metrics, task.recipe) == (base.text, base.metrics, base.recipe)


def test_a_spec_means_its_own_task_in_the_groups_of_a_library() -> None:
    """One name is one task: the smaller `mrpc` is the one of `glue`, too."""
    own = "task mrpc extends mrpc { limit 100 examples }\n"
    body = FRAME.format(ticket=TICKET, study="transfer imp to glue", seeds="1, 2")
    found = check(Source("s.ticket", own + body))
    assert found.study is not None, found.diagnostics
    assert found.study.tasks["mrpc"].limit == 100
    assert found.study.tasks["rte"].limit is None, "what a library's task extends is the library's"
    assert list(found.study.tasks) == ["mrpc", "mnli", "qqp", "stsb", "wnli", "qnli", "rte", "sst2", "cola"]


def test_a_spec_means_its_own_task_where_a_group_is_the_source() -> None:
    own = "task mrpc extends mrpc { limit 100 examples }\n"
    body = FRAME.format(ticket=TICKET.replace("source mrpc", "source glue"), study="", seeds="1, 2")
    found = check(Source("s.ticket", own + body)).study
    assert found is not None
    assert found.tasks["mrpc"].limit == 100
    assert len(found.tickets) == 9


def test_spans_are_where_things_were_written() -> None:
    study = study_of(study="baselines dense\ntransfer imp at 50% to rte\nclaim c { imp at 50% beats dense }")
    assert study.model.at.text == 'folder "m"'
    (ticket,) = study.tickets
    assert ticket.at.text == "ticket imp"
    assert ticket.places["sparsity"].text == "50% of original"
    assert [arm.at.text for arm in study.baselines] == ["dense"]
    assert study.transfers[0].places["at 50%"].text == "50%"
    assert study.claims[0].places["right"].text == "dense"
    assert study.tasks["mrpc"].data.at.source.name == "<chen2020>"


def test_columns_are_counted_in_characters() -> None:
    found = check(Source("s.ticket", "# Fäden\nüx ünbekannt"))
    assert found.diagnostics[0].at.line_and_column == (2, 1)


def test_complaints_come_in_the_order_of_the_text() -> None:
    found = checked("source nobody; prune magnitude of nothing; sparsity 50%", "report ?\nbaselines nobody", "x")
    places = [diagnostic.at.start for diagnostic in found.diagnostics]
    assert places == sorted(places)
    assert [d.code for d in found.diagnostics] == [
        "not-understood",
        "unknown-task",
        "unknown-scope",
        "of-what-unsaid",
        "unreadable-text",
        "unknown-arm",
    ]


def test_a_task_needs_the_column_of_its_answer() -> None:
    text = FRAME.format(ticket=TICKET, study="", seeds="1, 2").replace("use chen2020", "") + (
        'task mrpc { kind classify sentence; data files "{split}.csv"; text a; train 1 epoch; batch 8 examples;'
        " rate 1e-4; length 32 tokens }"
    )
    (complaint,) = check(Source("s.ticket", text)).diagnostics
    assert complaint.code == "needs-label"


# Files that use each other


def write(folder: Path, name: str, text: str) -> Source:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return Source(name, text, path)


def test_a_file_beside_the_spec_is_used(tmp_path: Path) -> None:
    write(tmp_path, "tasks.ticket", "use chen2020\ntask ours extends mrpc { limit 10 examples }\n")
    spec = FRAME.format(ticket=TICKET.replace("mrpc", "ours"), study="", seeds="1")
    found = check(write(tmp_path, "s.ticket", spec.replace("use chen2020", 'use "tasks.ticket"')))
    assert found.study is not None, found.diagnostics
    assert found.study.tasks["ours"].limit == 10


def test_mistakes_of_a_used_file_are_said_at_their_place(tmp_path: Path) -> None:
    write(tmp_path, "tasks.ticket", "use chen2020\ntask ours extends mrpc { limit 10 things }\n")
    spec = FRAME.format(ticket=TICKET, study="", seeds="1").replace("use chen2020", 'use chen2020, "tasks.ticket"')
    (complaint,) = check(write(tmp_path, "s.ticket", spec)).diagnostics
    assert (complaint.code, str(complaint.at)) == ("wrong-unit", "tasks.ticket:2:35")


@pytest.mark.parametrize(
    ("used", "code"),
    [
        ('use "s.ticket"\n', "uses-itself"),
        ('use "gone.ticket"\n', "unreadable-file"),
        ("\x00\x01 ???\n", "unreadable-text"),
        ('use "."\n', "unreadable-file"),
    ],
)
def test_a_used_file_with_trouble(tmp_path: Path, used: str, code: str) -> None:
    write(tmp_path, "tasks.ticket", used)
    spec = FRAME.format(ticket=TICKET, study="", seeds="1").replace("use chen2020", 'use chen2020, "tasks.ticket"')
    (complaint,) = check(write(tmp_path, "s.ticket", spec)).diagnostics
    assert complaint.code == code


def test_two_used_files_that_disagree(tmp_path: Path) -> None:
    write(tmp_path, "one.ticket", "use chen2020\ntask ours extends mrpc { limit 1 example }\n")
    write(tmp_path, "two.ticket", "use chen2020\ntask ours extends mrpc { limit 2 examples }\n")
    spec = FRAME.format(ticket=TICKET, study="", seeds="1").replace("use chen2020", 'use "one.ticket", "two.ticket"')
    (complaint,) = check(write(tmp_path, "s.ticket", spec)).diagnostics
    assert complaint.message == "`ours` means two things: one in one.ticket, one in two.ticket"
    assert complaint.at.text == '"two.ticket"'


@pytest.mark.parametrize("own", ["", "group mrpc = rte\n"])
def test_a_used_file_means_its_own_task_in_the_groups_of_what_it_uses(tmp_path: Path, own: str) -> None:
    """Whatever else the spec calls by that name."""
    write(tmp_path, "ours.ticket", "use chen2020\ntask mrpc extends mrpc { limit 10 examples }\ngroup mine = mrpc\n")
    spec = FRAME.format(ticket=TICKET.replace("source mrpc", "source mine"), study="transfer imp to glue", seeds="1, 2")
    found = check(write(tmp_path, "s.ticket", own + spec.replace("use chen2020", 'use "ours.ticket"')))
    assert found.study is not None, found.diagnostics
    assert found.study.tasks["mrpc"].limit == 10
    assert len(found.study.tasks) == 9
