"""Cards of tickets: whose cases they show, and what hubs index of them."""

import json
from pathlib import Path

import pytest
from attrs import evolve
from handmade import fill, plan
from reported import score, wanted

from runtime.exports import card_of, ticket_of
from runtime.reports import Evidence
from runtime.reports.blocks import Judgement
from runtime.reports.card import ORIGINS
from runtime.reports.sections.verdicts import verdicts_about
from runtime.store import Store
from ticketlang.study import Model, Study

CELL = "imp[rewind=5%]/a@70%/a/seed=1"


def card(folder: Path, of: Study, layout: str = "safetensors") -> str:
    store, laid_out = Store.open(folder / "store"), plan(of)
    fill(store, laid_out, score)
    spec = folder / "handmade.ticket"
    spec.write_text("study handmade {}\n")
    (planned,) = (laid_out.jobs[key] for cell, key in laid_out.cells.items() if cell.id == CELL)
    ticket = ticket_of(CELL, planned, laid_out, store, spec, None, with_search=False)
    return card_of(ticket, layout, Evidence.of(laid_out, store))


def test_a_card_shows_the_cases_of_its_ticket_alone(tmp_path: Path) -> None:
    """On either side; and says of how many, since the answer is of all."""
    of = wanted()
    store, laid_out = Store.open(tmp_path / "store"), plan(of)
    fill(store, laid_out, score)
    evidence = Evidence.of(laid_out, store)
    mine = [condition for condition in evidence.results.conditions if condition.source == "a"]
    section = verdicts_about(evidence, mine[:1])

    for block in section.blocks:
        assert isinstance(block, Judgement)
        assert 0 < len(block.cases.rows) < len(block.verdict.cases)
        assert block.cases.notes[0].endswith(f"of the {len(block.verdict.cases)} cases is of this ticket")
    assert not verdicts_about(evidence, ()).blocks


@pytest.mark.parametrize("origin", sorted(ORIGINS))
def test_a_card_says_where_the_model_is_from(tmp_path: Path, origin: str) -> None:
    of = wanted()
    model = Model(origin=origin, name="somebody/small", at=of.model.at)  # type: ignore[arg-type]  # sorted words
    said = card(tmp_path, evolve(of, model=model))

    assert f"| which is | {ORIGINS[origin]} |" in said
    front = said.split("---\n")[1]
    assert (f"base_model: {json.dumps('somebody/small')}\n" in front) is (origin == "hub")
    assert "library_name: ticketlang\n" in front


def test_a_network_is_read_with_transformers(tmp_path: Path) -> None:
    assert "library_name: transformers\n" in card(tmp_path, wanted(), "transformers").split("---\n")[1]
