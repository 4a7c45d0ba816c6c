"""Tickets of a file, which those of a study extend."""

from studies import TASK

from ticketlang.pipeline import Checked, check
from ticketlang.source import Source

HEAD = TASK.format(name="a")
FILE = """
ticket protocol {{
  prune magnitude global of encoder
  rewind 5% of training
  head carried in search
{more}
}}
{files}
study s {{
  model folder "m"
  seeds 1, 2
  ticket imp extends {name} {{
    source a
    sparsity 50% of original
{own}
  }}
}}
"""


def checked(more: str = "", files: str = "", name: str = "protocol", own: str = "") -> Checked:
    return check(Source("s.ticket", HEAD + FILE.format(more=more, files=files, name=name, own=own)))


def codes(found: Checked) -> list[tuple[str, str]]:
    return [(d.code, d.at.text) for d in found.diagnostics]


def test_a_ticket_says_what_is_different() -> None:
    study = checked(own="rewind 0 steps").study
    assert study is not None
    (ticket,) = study.tickets
    assert (str(ticket.pruning), str(ticket.rewind), ticket.search_head) == (
        "magnitude global of encoder",
        "0 steps",
        "carried",
    )


def test_tickets_of_a_file_extend_each_other() -> None:
    study = checked(files="ticket longer extends protocol { train 9 epochs }", name="longer").study
    assert study is not None
    (ticket,) = study.tickets
    assert ticket.recipe is not None
    assert (str(ticket.recipe.train), str(ticket.rewind)) == ("9 epochs", "5% of training")


def test_the_released_protocol_differs_from_the_text() -> None:
    spec = """
    use {library}
    study s {{ model folder "m"; seeds 1, 2; baselines shuffled_init
      ticket imp extends protocol {{ source mrpc; sparsity 50% of original }} }}
    """
    text, released = (check(Source("s", spec.format(library=name))).study for name in ("chen2020", "chen2020.released"))
    assert text is not None
    assert released is not None
    assert (text.tickets[0].search_head, released.tickets[0].search_head) == ("rewound", "carried")
    assert (text.baselines[0].weights, released.baselines[0].weights) == (
        "shuffled within each matrix",
        "shuffled layers",
    )
    assert released.tickets[0].recipe is not None
    assert released.tickets[0].recipe.rounds == 10


def test_mistakes() -> None:
    assert codes(checked(name="protocl")) == [("unknown-base-ticket", "protocl")]
    assert codes(checked(more="rewind 3")) == [("repeated-field", "rewind")]
    assert codes(checked(more="warmup 3")) == [("unit-missing", "3")]
    assert codes(checked(files="ticket x extends x { }")) == [("unknown-base-ticket", "x")]
    circle = "ticket x extends y { }\nticket y extends x { }"
    assert {code for code, _ in codes(checked(files=circle))} == {"extends-itself"}
    assert codes(checked(files="ticket x { source nobody }")) == [("unknown-task", "nobody")]
    assert codes(checked(files="ticket protocol { }")) == [("name-taken", "protocol")]
