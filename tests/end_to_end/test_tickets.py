"""Tickets of a study, taken out of it, put on a hub, and used by others, as its users do it."""

import os
import re
from pathlib import Path
from stat import S_IMODE

import numpy as np
from desk import SPEC, Answer, Desk
from hub_stand_in import Hub, hub_stand_in

from runtime.masks import read_mask


def test_tickets_go_out_and_come_in(again: Desk) -> None:
    cell = "imp/warm@60%/same/seed=1"
    for layout in ("safetensors", "rounds", "transformers", "bert-tickets"):
        answer = again.ticketrun("ticket", "export", "small.ticket", cell, "--to", layout, "--format", layout)
        assert answer.status == 0, answer.text
    assert answer.out.split() == ["bert-tickets/README.md", "bert-tickets/mask.pt", "bert-tickets/ticket.json"]

    ways = {"bert-tickets/mask.pt": "mine", "transformers": "zeros", "rounds/rounds.safetensors": "last"}
    for path, name in ways.items():
        answer = again.ticketrun("ticket", "import", path, "--to", f"{name}.safetensors")
        assert answer.status == 0, answer.text
        assert "12 matrices, no pooler among them; 9,830 of 16,384 weights removed, 60.00%" in answer.out
    masks = [read_mask(again.folder / f"{name}.safetensors") for name in ("mine", "zeros", "last", "safetensors/mask")]
    assert all(mask.keys() == masks[0].keys() for mask in masks)
    assert all(np.array_equal(bits, masks[0][name]) for mask in masks for name, bits in mask.items())

    rounds = ("ticket", "import", "rounds/rounds.safetensors", "--to", "first.safetensors", "--sparsity")
    assert "4,915 of 16,384 weights removed, 30.00%" in again.ticketrun(*rounds, "30%").out
    assert "has no round that ends at 45%; there are 30%, 60%" in again.ticketrun(*rounds, "45%").err
    again_refused = again.ticketrun("ticket", "import", "bert-tickets/mask.pt", "--to", "mine.safetensors")
    assert again_refused.status == 2
    assert "is there already" in again_refused.err
    assert "has no mask" in again.ticketrun("ticket", "export", "small.ticket", "dense/warm/seed=1", "--to", "no").err


def test_whoever_may_read_new_files_may_read_all_that_is_written(again: Desk) -> None:
    """A store may be shared, and a ticket handed on."""
    (again.folder / "usual").touch()
    assert modes(again.folder / ".ticketlang") == modes(again.folder / "usual")

    before = os.umask(0o002)
    try:
        for layout in ("safetensors", "rounds", "transformers", "bert-tickets"):
            to = ("--to", f"out/{layout}", "--format", layout)
            assert again.ticketrun("ticket", "export", "small.ticket", "imp/warm@60%/same/seed=1", *to).status == 0
        assert again.ticketrun("ticket", "import", "out/rounds", "--to", "out/mask.safetensors").status == 0
    finally:
        os.umask(before)
    assert modes(again.folder / "out") == {0o664}


def modes(of: Path) -> set[int]:
    """Who may do what with a file, or with all those of a folder."""
    files = (path for path in (of, *of.rglob("*")) if path.is_file())
    return {S_IMODE(path.stat().st_mode) for path in files}


MINE = """
study mine {
  model folder "model"
  seeds 1
  ticket given {
    source file "theirs/mask.pt"
    prune magnitude of encoder
    sparsity 60% of original
  }
  transfer given to same
  baselines random_layer_mask
}
"""


def test_a_study_starts_from_the_ticket_of_another(again: Desk) -> None:
    """Its mask file gives the mask of the study that it comes from, and so the very scores, from a store of its own."""
    cell = "imp/warm@60%/same/seed=1"
    to = ("--to", "theirs", "--format", "bert-tickets")
    assert again.ticketrun("ticket", "export", "small.ticket", cell, *to).status == 0
    again.write(SPEC[: SPEC.index("study small")] + MINE, "mine.ticket")
    answer = again.ticketrun("run", "mine.ticket", "--cell", "given/file@60%/same/seed=1", "--store", "new")
    assert answer.status == 0, answer.text
    scores = re.compile(r"scores +(.*)")
    mine = again.ticketrun("show", "mine.ticket", "given/file@60%/same/seed=1", "--store", "new").out
    assert scores.findall(mine) == scores.findall(again.ticketrun("show", "small.ticket", cell).out) != []
    verified = again.ticketrun("verify", "--store", "new")
    assert verified.status == 0, verified.text


def test_a_ticket_that_is_not_found_yet_is_not_exported(desk: Desk) -> None:
    answer = desk.ticketrun("ticket", "export", "small.ticket", "imp/warm@60%/same/seed=1", "--to", "out")
    assert answer.status == 2
    assert "`ticketrun run small.ticket --cell 'imp/warm@60%/same/seed=1'` makes it" in answer.err


def test_a_ticket_goes_over_the_hub(again: Desk) -> None:
    """From one desk to another: the same mask, with a card that says what it is and what the study found."""
    cell = "imp/warm@60%/same/seed=1"
    with hub_stand_in() as hub:
        answer = _with(hub, again, "ticket", "push", "small.ticket", cell, "me/imp-warm", "--private")
        assert answer.status == 0, answer.text
        assert answer.out.strip() == f"{hub.address}/me/imp-warm"
        assert hub.private == {"me/imp-warm"}
        assert hub.said == {"me/imp-warm": f"Export {cell}"}

        rounds = ("ticket", "push", "small.ticket", cell, "me/imp-warm", "--format", "rounds")
        assert _with(hub, again, *rounds).status == 0
        assert hub.files["me/imp-warm"].keys() == {"README.md", "rounds.safetensors"}, "nothing stays of another ticket"
        answer = _with(hub, again, "ticket", "push", "small.ticket", cell, "me/imp-warm")
        assert answer.status == 0, answer.text

        hub.files["me/imp-warm"]["run.py"] = b"print('taken')"
        answer = _with(hub, again, "ticket", "pull", "me/imp-warm", "--to", "pulled")
        assert answer.status == 0, answer.text
        assert answer.out.split() == ["pulled/README.md", "pulled/mask.safetensors"]
    exported = again.ticketrun("ticket", "export", "small.ticket", cell, "--to", "out")
    assert exported.status == 0, exported.text
    for name in ("README.md", "mask.safetensors"):
        assert (again.folder / "pulled" / name).read_bytes() == (again.folder / "out" / name).read_bytes()
    assert sorted(path.name for path in (again.folder / "pulled").iterdir()) == ["README.md", "mask.safetensors"]


def test_what_a_hub_does_not_give_is_one_sentence(again: Desk) -> None:
    with hub_stand_in() as hub:
        hub.files["me/empty"] = {"README.md": b"nothing"}
        for name, said in {
            "me/nobody": "the hub refuses `me/nobody`: Repository not found",
            "me/empty": "`me/empty` on the hub holds no ticket",
            "no name at all": "is no name that the hub knows; write `owner/name`",
        }.items():
            answer = _with(hub, again, "ticket", "pull", name, "--to", "pulled")
            assert answer.status == 2
            assert said in answer.err
    answer = again.ticketrun("ticket", "pull", "me/imp-warm", "--to", "pulled")
    assert "HF_HUB_OFFLINE is set" in answer.err


def test_a_card_says_what_a_ticket_is(again: Desk) -> None:
    cell = "imp/warm@60%/same/seed=1"
    assert again.ticketrun("ticket", "export", "small.ticket", cell, "--to", "out").status == 0
    card = (again.folder / "out" / "README.md").read_text()

    assert card.startswith("---\ntags:\n- lottery-ticket\n")
    assert "9,830 of 16,384 weights are removed, 60.00%" in card
    assert "| found on | warm |" in card
    assert re.search(r"^\| same \| accuracy \| \d+\.\d+ ± \d+\.\d+ \|", card, re.MULTILINE)
    assert re.search(r"^\*\*(holds|fails|not enough runs)\*\* `the_mask_matters`", card, re.MULTILINE)
    assert SPEC.strip() in card
    front, said = card.split("---\n")[1:3]
    assert "library_name: ticketlang\n" in front
    assert "base_model" not in front, "a folder has no id on a hub"
    assert "| which is | a folder on the machine that the study was run on |" in said


def _with(hub: Hub, desk: Desk, *words: str) -> Answer:
    return desk.ticketrun(*words, HF_ENDPOINT=hub.address, HF_HUB_OFFLINE="0", HF_TOKEN="hf_made_up")  # for a stand-in
