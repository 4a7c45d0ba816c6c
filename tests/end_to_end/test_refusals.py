"""What cannot run is one complaint, and what fails on the way leaves the rest."""

import pytest
from desk import SPEC, Desk, counts

BAD_INPUT = [
    ("warm/validation.jsonl", None, "missing-data-file", 'data files "warm'),
    ("warm/train.jsonl", '{"text": "so", "label": 0}\n{"text": "so"}\n', "bad-label", "label label"),
    ("warm/train.jsonl", '{"words": "so", "label": 0}\n', "missing-column", "text text"),
    ("warm/train.jsonl", '{"text": "so", "label": -1}\n', "label-out-of-range", "label label"),
    ("warm/train.jsonl", "not json\n", "unreadable-data-file", 'data files "warm'),
    ("warm/train.jsonl", "", "empty-split", 'data files "warm'),
    ("model/model.safetensors", None, "model-without-weights", 'model folder "model"'),
    ("model/tokenizer.json", None, "model-without-tokenizer", 'model folder "model"'),
    ("model/config.json", "{", "unreadable-model-folder", 'model folder "model"'),
]


@pytest.mark.parametrize(("file", "text", "code", "at"), BAD_INPUT, ids=[f"{c}" for _, _, c, _ in BAD_INPUT])
def test_bad_input_is_one_complaint_before_any_job(
    again: Desk, file: str, text: str | None, code: str, at: str
) -> None:
    """With its place in the spec; results made earlier stay."""
    before, path = again.artifacts(), again.folder / file
    path.unlink()
    if text is not None:
        path.write_text(text)
    answer = again.ticketrun("run", "small.ticket")

    assert answer.status == 1, answer.text
    assert answer.text.count("error[") == 1
    assert f"error[{code}]" in answer.text
    assert at in answer.text
    assert "1 error" in answer.text
    assert again.artifacts() == before


def test_a_hub_out_of_reach_is_one_complaint(desk: Desk) -> None:
    desk.write(SPEC.replace('model folder "model"', 'model hub "someone/model"'))

    assert "not pinned yet: someone/model" in desk.ticketrun("plan", "small.ticket").out
    answer = desk.ticketrun("run", "small.ticket")
    assert answer.status == 1
    assert answer.text.count("error[hub-unreachable]") == 1
    assert not (desk.folder / "small.lock").exists()


def test_a_job_that_fails_leaves_the_others(desk: Desk) -> None:
    """A rate at which training on one task blows up; the other task's results are made and shown."""
    desk.write(SPEC.replace("metric accuracy, f1", "metric accuracy, f1\n  rate 1e30 linear"))
    answer = desk.ticketrun("run", "small.ticket")

    assert answer.status == 4, answer.text
    assert "failed" in answer.text
    assert "step" in answer.text
    jobs, to_run, reused = counts(desk.ticketrun("plan", "small.ticket"))
    assert reused > 0
    assert jobs == to_run + reused


def test_a_device_that_is_not_there(desk: Desk) -> None:
    for device in ("mps", "nonsense", "cuda:99"):
        answer = desk.ticketrun("run", "small.ticket", "--device", device)
        assert answer.status == 3, answer.text
        assert f"`{device}`" in answer.err
