"""How a study differs from the protocol of the paper, field by field."""

from collections.abc import Iterator

from .differences import Difference, fields_of
from .phrasing import Said, statements_of
from .pipeline import check
from .source import Source
from .study import Study

# What Chen et al. 2020 do, in the language: the library has its tasks and its protocol.
PAPER = Source(
    "the paper",
    """
use chen2020
study paper {
  model     hub "google-bert/bert-base-uncased"
  seeds     1, 2, 3
  ticket protocol extends protocol {
    source    glue, squad, mlm
    sparsity  10% to 90% by 10% of original
  }
  baselines dense, random_mask, random_init, shuffled_init
}
""",
)
OWN = frozenset({"source", "rounds", "sparsity"})  # of a ticket: what a study asks, and no part of how
COMPARED = ("model", "precision")  # of the study itself


def beside_the_paper(study: Study) -> tuple[Difference, ...]:
    """What the paper says of the study's model, of its tasks that have a task of the paper's name, and of its tickets.

    Whatever only one of the two has is no difference: which tasks, levels and baselines are looked at is the question
    of a study.
    """
    paper = check(PAPER).study
    assert paper is not None, "the library is whole"
    return tuple(_differences(_blocks(paper), _blocks(study)))


def _blocks(study: Study) -> dict[str, Said]:
    """Tasks, tickets, and the study itself, by name."""
    *others, whole = statements_of(study)
    inside = whole.inside or ()
    own = tuple(said for said in inside if said.word in COMPARED)
    found = [*others, *(said for said in inside if said.word == "ticket")]
    return {"": Said("study", "", own), **{said.name: said for said in found if said.word in {"task", "ticket"}}}


def _differences(paper: dict[str, Said], study: dict[str, Said]) -> Iterator[Difference]:
    for name, block in study.items():
        theirs = paper.get("ticket protocol" if block.word == "ticket" else name)
        if theirs is None:
            continue
        there, here = fields_of(theirs), fields_of(block)
        for field in dict.fromkeys((*there, *here)):
            if there.get(field) != here.get(field) and not (block.word == "ticket" and field in OWN):
                yield Difference(name, field, there.get(field), here.get(field))
