"""Every kind of task, as a source and as a target, run as users run it."""

import json
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from desk import Answer, Desk
from small_world import make_data, make_model
from studies import EVERY_KIND

SPEC = (
    EVERY_KIND
    + """
study kinds {
  question "Does every kind of task run?"
  model folder "model"
  seeds 1

  ticket imp {
    source text, spans, text + warm
    prune magnitude global of encoder + pooler
    sparsity 30%, 60% of original
    rewind 20% of training
  }

  baselines dense, random_init
  transfer imp at 60% to warm, spans, text
  match within 2 sd of dense using larger sd

  claim transfers {
    imp from text + warm at 60% is at least imp from text at 60% on every other target
  }
  claim as_good {
    imp at 60% matches dense on most targets
  }
  report transfer_matrix, sparsity_curves, mask_overlap, layer_sparsity
}
"""
)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Answer]:
    folder = tmp_path_factory.mktemp("kinds")
    make_model(folder / "model", has_head=True)
    make_data(folder)
    desk = Desk(folder)
    desk.write(SPEC, "kinds.ticket")
    return desk, desk.ticketrun("run", "kinds.ticket")


def test_a_study_of_every_kind_runs_to_its_end(ran: tuple[Desk, Answer]) -> None:
    _, answer = ran
    assert answer.status == 0, answer.text
    for shown in ("text, masked_accuracy", "spans, span_f1", "warm, accuracy", "imp/text+warm", "transfers", "as_good"):
        assert shown in answer.out


def test_poolers_that_no_head_reads_are_in_the_scope_and_get_no_gradient(ran: tuple[Desk, Answer]) -> None:
    """On masked words and on spans; where classification takes turns with them, it trains the pooler."""
    jobs = artifacts(ran[0], "fine-tune")
    assert {job["task"]["name"] for job, _, _ in jobs} == {"text", "spans", "warm"}
    for job, certificate, _ in jobs:
        untrained = certificate["facts"]["matrices without gradient"]
        reads_pooler = job["task"]["name"] == "warm" or "joined" in job
        assert untrained == ([] if reads_pooler else ["pooler.dense.weight"])
    said = [
        certificate["facts"].get("matrices without gradient", []) for _, certificate, _ in artifacts(ran[0], "prune")
    ]
    assert said.count(["pooler.dense.weight"]) == 2 * said.count([]), "two of three sources, and their masks say so"


def test_heads_are_what_the_study_says(ran: tuple[Desk, Answer]) -> None:
    """Of masked words pre-trained, in dense training, too; otherwise fresh. On its own source a ticket is rewound."""
    found = {
        (job["task"]["name"], job["head"] is None, certificate["facts"]["head"])
        for job, certificate, _ in artifacts(ran[0], "fine-tune")
        if job["task"]["name"] != "spans" and job["weights"]["is"] != "RandomWeights"
    }
    assert found == {("text", True, "pretrained"), ("text", False, "rewound"), ("warm", True, "fresh")}


def test_joint_and_best_scores_are_kept(ran: tuple[Desk, Answer]) -> None:
    jobs = artifacts(ran[0], "fine-tune")
    joined = [result for job, _, result in jobs if "joined" in job]
    assert joined
    assert all(set(result["joined"]["warm"]) == {"accuracy"} for result in joined)
    assert all(result["best"]["on"] == "validation" for job, _, result in jobs if job["task"]["name"] == "spans")


def artifacts(desk: Desk, kind: str) -> list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Settings, certificate and result of every job of a kind."""
    found = []
    for folder in (desk.folder / ".ticketlang" / "artifacts").iterdir():
        job, certificate, result = (
            json.loads((folder / f"{name}.json").read_text()) for name in ("job", "certificate", "result")
        )
        settings = job.get("settings", job)
        if settings["kind"] == kind:
            found.append((settings, certificate, result))
    return found


def test_a_corpus_is_made_into_tokens_once(ran: tuple[Desk, Answer], tmp_path: Path) -> None:
    """For all runs of a store: a further seed finds the files there. They may be deleted at any time."""
    desk = Desk(copytree(ran[0].folder, tmp_path / "desk"))
    blocks = desk.folder / ".ticketlang" / "cache" / "blocks"
    before = {path.name: path.stat().st_mtime_ns for path in blocks.iterdir()}
    assert len(before) == 4  # trained on, and scored on, each with its seal
    cell = ("--cell", "dense/text/seed=3", "--set", "seeds 1, 3")
    assert desk.ticketrun("run", "kinds.ticket", *cell).status == 0
    assert {path.name: path.stat().st_mtime_ns for path in blocks.iterdir()} == before


def test_a_model_without_the_head_is_refused_before_any_job(ran: tuple[Desk, Answer], tmp_path: Path) -> None:
    make_model(tmp_path / "model")
    make_data(tmp_path)
    desk = Desk(tmp_path)
    desk.write(SPEC, "kinds.ticket")
    answer = desk.ticketrun("run", "kinds.ticket")
    assert answer.status == 1
    assert answer.text.count("error[head-not-in-model]") == 1
    assert "head pretrained" in answer.text
    assert not list((tmp_path / ".ticketlang").rglob("job.json"))
