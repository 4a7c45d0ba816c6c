"""A whole study, from its text to its verdicts, as its users run it."""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import ENVIRONMENT, SPEC, Answer, Desk

from runtime.store.certificates import (
    HEAD_REWOUND,
    HELD,
    HOLES,
    LAST_RATE,
    NESTED,
    NESTED_ON_THE_WAY,
    RATES,
    REWOUND,
    TRAINED_ENDS,
)

PLANNED = re.compile(r"Plan: (\d+) jobs?: (\d+) to run, (\d+) reused")


def counts(answer: Answer) -> tuple[int, int, int]:
    """Jobs, to run, reused: from the last line of a plan."""
    assert answer.status == 0, answer.text
    (found,) = PLANNED.findall(answer.out)
    return tuple(map(int, found))


def test_a_study_runs_to_its_verdicts(finished: tuple[Desk, Answer]) -> None:
    _, answer = finished

    assert answer.status == 0, answer.text
    for word in ("random_init", "shuffled_init", "the_mask_matters", "as_good_as_dense", "dense"):
        assert word in answer.out
    assert re.search(r"\b(holds|fails)\b", answer.out)


def test_every_result_carries_a_certificate_whose_checks_hold(finished: tuple[Desk, Answer]) -> None:
    certificates = list((finished[0].folder / ".ticketlang" / "artifacts").rglob("certificate.json"))

    assert certificates
    for path in certificates:
        checks = json.loads(path.read_text())["checks"]
        assert checks
        assert all(check["holds"] for check in checks)


def test_a_second_run_trains_nothing(again: Desk, finished: tuple[Desk, Answer]) -> None:
    before = again.artifacts()
    answer = again.ticketrun("run", "small.ticket")

    assert answer.status == 0
    assert "No work" in answer.out
    assert again.artifacts() == before
    assert tables(answer) == tables(finished[1])


def tables(answer: Answer) -> str:
    """What is shown after the run itself."""
    return answer.out[answer.out.index("Scores") :]


def test_two_workers_leave_the_bits_that_one_does(desk: Desk, finished: tuple[Desk, Answer]) -> None:
    answer = desk.ticketrun("run", "small.ticket", "--workers", "2")

    assert answer.status == 0, answer.text
    assert "2 workers of 1 thread each" in answer.out
    assert desk.artifacts() == finished[0].artifacts()
    threads = {path.read_text().partition('"threads": ')[2][:1] for path in desk.folder.rglob("provenance.json")}
    assert threads == {"1"}


def test_four_runs_on_one_store_do_each_job_once(desk: Desk, finished: tuple[Desk, Answer]) -> None:
    """Begun at one moment: what one does the others wait for, and all show the same tables."""
    answers = desk.ticketrun_at_once(4, "run", "small.ticket", "--workers", "1")

    assert [answer.status for answer in answers] == [0] * 4, "\n".join(answer.text for answer in answers)
    done = [int(number) for answer in answers for number in re.findall(r"Finished (\d+) jobs? in", answer.out)]
    assert sum(done) == len(list((desk.folder / ".ticketlang" / "artifacts").iterdir()))
    assert desk.artifacts() == finished[0].artifacts()
    assert {tables(answer) for answer in answers} == {tables(finished[1])}


def test_whoever_gives_jobs_to_workers_does_without_torch(again: Desk) -> None:
    """Also where data is read for the first time, to see what is wrong with it."""
    shutil.rmtree(again.folder / ".ticketlang" / "cache")
    lost = next(path for path in (again.folder / ".ticketlang/artifacts").glob("*/mask.safetensors")).parent
    lost.rename(again.folder / "lost")
    program = (
        "import sys; from ticketlang.cli import main\n"
        "print(main(['run', 'small.ticket', '--workers', '2']), 'torch' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=again.folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert ran.stdout.splitlines()[-1:] == ["0 False"], ran.stdout + ran.stderr
    assert {path.name for path in lost.iterdir()} == {path.name for path in (again.folder / "lost").iterdir()}


def test_layout_and_comments_run_nothing(again: Desk) -> None:
    blocks = SPEC.replace("# Two sources, two levels, every baseline.\n", "").replace("\n\n", "\n")
    warm, same, study = re.split(r"\n(?=task same|study small)", blocks.strip())
    again.write(f"# turned round\n{study}\n\n{same}\n{warm}\n")

    assert "No work" in again.ticketrun("plan", "small.ticket").out


def test_a_further_seed_runs_only_that_seed(again: Desk) -> None:
    jobs, to_run, reused = counts_after(again, SPEC.replace("seeds 1, 2", "seeds 1, 2, 3"))
    assert (to_run, reused) == (jobs // 3, jobs - jobs // 3)


def test_a_higher_sparsity_runs_only_that_level(again: Desk) -> None:
    """For each seed: a random mask; for each source a mask, a ticket and three baselines, less what sources share."""
    _, to_run, _ = counts_after(again, SPEC.replace("30%, 60% of", "30%, 60%, 80% of"))
    of_a_seed = 1 + 2 * (1 + 1) + 2 * 3
    assert to_run == 2 * of_a_seed
    assert again.ticketrun("run", "small.ticket").status == 0


def counts_after(desk: Desk, spec: str) -> tuple[int, int, int]:
    desk.write(spec)
    return counts(desk.ticketrun("plan", "small.ticket"))


def test_a_changed_data_file_is_noticed(again: Desk) -> None:
    path = again.folder / "same" / "validation.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))

    _, to_run, reused = counts(again.ticketrun("plan", "small.ticket"))
    assert to_run > 0
    assert reused > 0


def test_a_report_on_lines_adds_second_trainings_and_lines(again: Desk) -> None:
    """For each of two tasks and two runs: dense and two tickets once more, three lines to these, two between levels."""
    wanted = SPEC.replace("report sparsity_curves", "report matching, mode_connectivity, mask_distance")
    _, to_run, _ = counts_after(again, wanted)
    assert to_run == 2 * 2 * (3 + 3 + 2)

    answer = again.ticketrun("run", "small.ticket")

    assert answer.status == 0, answer.text
    for heading in ("Matching", "Lines between trainings", "Distance of masks"):
        assert heading in answer.out
    assert "No work" in again.ticketrun("plan", "small.ticket").out


def test_another_study_reuses_what_it_shares(again: Desk) -> None:
    """A study of its own, with one source of the first: everything is there."""
    again.write(SPEC.replace("study small", "study other").replace("source warm, same", "source warm"), "other.ticket")
    answer = again.ticketrun("plan", "other.ticket")

    assert "No work" in answer.out
    assert "reused from the study small" in answer.out


STOPS = [(signal.SIGINT, 130, "1"), (signal.SIGTERM, 143, "1"), (signal.SIGINT, 130, "2")]


@pytest.mark.parametrize(("by", "status", "workers"), STOPS)
def test_an_interrupted_study_goes_on_from_what_is_done(
    desk: Desk, finished: tuple[Desk, Answer], by: signal.Signals, status: int, workers: str
) -> None:
    stopped = desk.interrupt("run", "small.ticket", "--workers", workers, by=by, after="Pruned")
    assert stopped.status == status, stopped.text
    assert "Traceback" not in stopped.text
    jobs, to_run, reused = counts(desk.ticketrun("plan", "small.ticket"))
    assert 0 < reused < jobs

    assert desk.ticketrun("run", "small.ticket").status == 0
    assert desk.artifacts() == finished[0].artifacts(), "bit for bit what an undisturbed run leaves"
    assert jobs == to_run + reused


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


def test_a_terminal_without_our_signs_gets_its_tables(again: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "PYTHONIOENCODING", "ascii")
    answer = again.ticketrun("run", "small.ticket")

    assert answer.status == 0
    assert "as_good_as_dense" in answer.out


def test_cells_are_shown_and_accounted_for(again: Desk) -> None:
    cell = "imp/warm@60%/same/seed=1"
    shown = again.ticketrun("show", "small.ticket", cell)
    assert shown.status == 0
    assert "in the store, made for the study small" in shown.out
    assert re.search(r"scores +accuracy \d+\.\d\d, f1 ", shown.out)
    assert "nothing runs for it" in again.ticketrun("why", "small.ticket", cell).out

    changed = again.ticketrun("why", "small.ticket", cell, "--set", "warm.rate 2e-3")
    assert changed.status == 0
    assert re.search(r"It waits for `imp/warm round 1/seed=1`, by way of \d more, which is to run", changed.out)
    assert "task recipe rate: 0.001 -> 0.002" in changed.out
    whole = again.ticketrun("why", "small.ticket", cell, "--set", "warm.rate 2e-3", "--verbose")
    assert "It needs `imp/warm@60%/seed=1`, which is to run: prune to 60%." in whole.out

    unknown = again.ticketrun("why", "small.ticket", "imp/warm@60%/same/seed=9")
    assert unknown.status == 2
    assert "`imp/warm@60%/same/seed=1`" in unknown.err


def test_stored_results_are_verified(again: Desk) -> None:
    """Whole, and with one bit of one mask turned over; and nothing but the terminal is written to."""
    before = again.artifacts()
    for words in (("verify",), ("verify", "small.ticket"), ("verify", "small.ticket", "--set", "seeds 1")):
        answer = again.ticketrun(*words)
        assert answer.status == 0, answer.text
        assert re.search(r"\d+ results verified: all that can be recomputed holds", answer.out)
        assert "verifying" not in answer.err, "the live line is for terminals"
    assert again.artifacts() == before

    mask = next(again.folder.glob(".ticketlang/artifacts/*/mask.safetensors"))
    mask.write_bytes(mask.read_bytes()[:-1] + bytes([mask.read_bytes()[-1] ^ 1]))
    answer = again.ticketrun("verify")
    assert answer.status == 1
    assert "its mask.safetensors has changed since it was written" in answer.out
    assert answer.out.rstrip().endswith("60 results verified: 1 finding.")


def test_every_name_that_is_shown_is_understood(again: Desk) -> None:
    """Of masks, rounds and cells, as plan and progress name them, and the first digits of a key."""
    listed = again.ticketrun("plan", "small.ticket", "--verbose").out
    lines = [
        line.strip("= +").split("  ", 1) for line in listed.splitlines() if re.match(r"  [=+] [0-9a-f]{8}  ", line)
    ]
    names = {name for _, said in lines for name in said.split(": ", 1)[1].split(", ")}
    assert {"imp/warm@30%/seed=1", "imp/warm round 2/seed=1", "random_mask@60%/seed=2"} <= names

    mask = again.ticketrun("show", "small.ticket", "imp/warm@30%/seed=1")
    assert "pruning           magnitude global of encoder, to 30%" in mask.out
    assert "removed           4,915 of 16,384 weights, 30%" in mask.out
    by_key = again.ticketrun("show", "small.ticket", re.findall(r"key +(\w+)", mask.out)[0][:10])
    assert by_key.out.splitlines()[1:6] == mask.out.splitlines()[1:6]
    assert "nothing runs for it" in again.ticketrun("why", "small.ticket", "imp/warm round 2/seed=1").out
    assert "No work" in again.ticketrun("plan", "small.ticket", "--cell", "random_mask@60%/seed=2").out

    for layout in ("safetensors", "transformers"):  # of a level that is not transferred
        to = ("--to", layout, "--format", layout)
        answer = again.ticketrun("ticket", "export", "small.ticket", "imp/warm@30%/seed=1", *to)
        assert answer.status == 0, answer.text


def test_a_mask_runs_by_its_name(desk: Desk) -> None:
    answer = desk.ticketrun("run", "small.ticket", "--cell", "random_mask@60%/seed=1")
    assert answer.status == 0, answer.text
    assert "Plan: 1 job: 1 to run" in answer.out
    assert re.search(r"No scores yet: \d+ are to come, and a verdict on each claim with them\.\n\n$", answer.out)


def test_a_reader_that_goes_away_is_no_error(again: Desk) -> None:
    for words in ("report small.ticket", "plan small.ticket --verbose", "list prunings"):
        command = f"{sys.executable} -m ticketlang {words} | head -n 1; exit ${{PIPESTATUS[0]}}"
        ran = subprocess.run(["bash", "-c", command], cwd=again.folder, env=ENVIRONMENT, capture_output=True, text=True)
        assert (ran.returncode, ran.stderr) == (0, ""), words
        assert len(ran.stdout.splitlines()) == 1


def test_what_is_piped_has_no_blanks_at_the_ends_of_lines(again: Desk) -> None:
    for words in (("report", "small.ticket"), ("plan", "small.ticket"), ("status", "small.ticket"), ("verify",)):
        assert not [line for line in again.ticketrun(*words).out.splitlines() if line != line.rstrip()]


def test_there_must_be_a_store_to_verify(desk: Desk) -> None:
    answer = desk.ticketrun("verify", "--store", "nowhere")
    assert answer.status == 3
    assert answer.err == "ticketrun: there is no store in nowhere; say where it is with --store\n"
    assert not (desk.folder / "nowhere").exists()


def test_two_specs_are_compared_with_the_jobs_that_follow(again: Desk) -> None:
    again.write(SPEC.replace("seeds 1, 2", "seeds 1, 2, 3"), "more.ticket")
    answer = again.ticketrun("diff", "small.ticket", "more.ticket")
    assert answer.status == 0
    assert re.search(r"seeds +1, 2 -> 1, 2, 3", answer.out)
    assert re.search(
        r"Jobs: \d+ in both, 0 only in the first, (\d+) only in the second, of which \1 are to run", answer.out
    )


def test_a_spec_is_compared_with_its_last_run(again: Desk) -> None:
    """In the language's own words, with the jobs and the time that follow."""
    assert "It says what it said when it was last run." in again.ticketrun("diff", "small.ticket").out
    again.write(SPEC.replace("seeds 1, 2", "seeds 1, 2, 3"))
    answer = again.ticketrun("diff", "small.ticket")
    assert answer.status == 0, answer.text
    assert re.search(r"Jobs: \d+ in both, 0 only in the last run, \d+ only now, of which \d+ are to run", answer.out)
    assert re.search(r"seeds +1, 2 -> 1, 2, 3", answer.out)
    assert re.search(r"of which \d+ are to run: about \S+, going by the like in the store", answer.out)
    assert re.search(r"reused results took \S+", again.ticketrun("plan", "small.ticket").out)

    again.write(SPEC.replace("study small", "study other"))
    other = again.ticketrun("diff", "small.ticket")
    assert other.status == 2
    assert "the study other was not run with the store" in other.err


def test_status_and_report_run_nothing(again: Desk) -> None:
    status = again.ticketrun("status", "small.ticket")
    assert status.status == 0, status.text
    assert re.search(r"Done: (\d+) of \1 jobs; 0 running, 0 failed, 0 left\.", status.out)
    reported = again.ticketrun("report", "small.ticket", "--no-html")
    ran = again.ticketrun("run", "small.ticket")
    assert reported.status == 0
    assert reported.out.strip()
    assert reported.out in ran.out
    assert " report small.ticket\n" in ran.out[ran.out.index(reported.out) + len(reported.out) :]

    nothing = again.ticketrun("status", "small.ticket", "--store", "nowhere")
    assert nothing.status == 0
    assert re.search(r"Nothing has been run yet: there is no store at nowhere, and \d+ jobs are to run\.", nothing.out)
    nowhere = again.ticketrun("report", "small.ticket", "--store", "nowhere")
    assert nowhere.status == 2
    assert "nothing was run with the store nowhere" in nowhere.err


def test_a_result_that_was_changed_is_made_anew(again: Desk) -> None:
    """A score is no less a file than a mask: it is set aside and told, and the same score comes back."""
    before = again.artifacts()
    name = next(name for name, content in before.items() if name.endswith("result.json") and b"accuracy" in content)
    (again.folder / name).write_bytes(before[name].replace(b"accuracy", b"accuracx"))
    planned, status = again.ticketrun("plan", "small.ticket"), again.ticketrun("status", "small.ticket")
    assert counts(planned)[1] == 1
    assert "0 failed, 1 left." in status.out
    assert all("is damaged: its result.json has changed" in said.out for said in (planned, status))
    ran = again.ticketrun("run", "small.ticket")
    assert ran.status == 0, ran.text
    assert re.search(r"the stored result \w+ is damaged: its result.json .*; it is made anew", ran.err)
    assert "1 to run" in ran.out
    assert "missing" not in ran.out
    assert again.artifacts() == before


def test_a_single_cell_runs_alone(desk: Desk) -> None:
    answer = desk.ticketrun("run", "small.ticket", "--cell", "dense/warm/seed=1")
    assert answer.status == 0, answer.text
    assert "Plan: 1 job: 1 to run" in answer.out
    assert "No work" in desk.ticketrun("plan", "small.ticket", "--cell", "dense/warm/seed=1").out
    assert counts(desk.ticketrun("plan", "small.ticket"))[2] == 1
    assert desk.ticketrun("run", "small.ticket", "--cell", "dance/warm/seed=1").status == 2


def test_tickets_that_are_not_rewound_run(desk: Desk) -> None:
    """Standard pruning, and matrices that go back alone: every certificate holds, or the job would have failed."""
    settings = ("imp.rewind nothing, 0 steps of pruned matrices", "imp.source warm", "baselines dense, shuffled_layers",
                "seeds 1", "claim as_good_as_dense { imp at 30% is at least dense }",
                "claim the_mask_matters { imp at 60% is at least dense }")  # fmt: skip
    desk.write("arm shuffled_layers { weights shuffled layers }\n" + SPEC)
    answer = desk.ticketrun("run", "small.ticket", *(word for text in settings for word in ("--set", text)))
    assert answer.status == 0, answer.text
    assert "shuffled_layers.imp[rewind=nothing]/warm" in answer.out


def test_every_method_of_pruning_runs(desk: Desk) -> None:
    """Each to its verdict, with every certificate holding."""
    settings = ("imp.prune snip of encoder over 2 batches, movement of encoder, synflow of encoder over 5 iterations,"
                "magnitude of heads + neurons, snip of heads over 1 batch, random per layer of encoder,"
                "magnitude 2:4 of encoder, gradual magnitude of encoder", "imp.sparsity 50% of original",
                "imp.source warm", "imp.rewind 2 steps",
                "baselines dense, random_mask, random_layer_mask, turned, gradual_run", "seeds 1",
                "transfer imp at 50% to same", "report layer_sparsity, mask_overlap, mode_connectivity",
                "claim as_good_as_dense { imp at 50% is at least gradual_run on warm }",
                "claim the_mask_matters { imp at 50% is at least dense }")  # fmt: skip
    desk.write("arm turned { mask inverted of ticket }\n" + SPEC)
    answer = desk.ticketrun("run", "small.ticket", *(word for text in settings for word in ("--set", text)))
    assert answer.status == 0, answer.text
    assert "imp[prune=snip global of encoder over 2 batches]/warm" in answer.out
    assert "gradual_run.imp[prune=gradual magnitude global of encoder from 10% to 60% of training" in answer.text

    verified = desk.ticketrun("verify", "small.ticket", *(word for text in settings for word in ("--set", text)))
    assert verified.status == 0, verified.text
    assert "not recomputed: gradients are not kept" in verified.out
    folders = list((desk.folder / ".ticketlang" / "artifacts").iterdir())
    assert {missing for folder in folders for missing in missing_items(folder)} == set()
    kinds = {json.loads((folder / "job.json").read_text())["settings"]["kind"] for folder in folders}
    assert kinds == {"fine-tune", "prune", "draw-mask", "rewind-point", "combine-masks", "interpolate"}


def missing_items(folder: Path) -> Iterator[str]:
    """What of the list of a certificate's items a result lacks, or has otherwise than its own files say."""
    settings = json.loads((folder / "job.json").read_text())["settings"]
    result, certificate, provenance = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("result", "certificate", "provenance")
    )
    kind, facts = settings["kind"], certificate["facts"]
    checks = {check["name"]: check for check in certificate["checks"]}
    is_masked, is_training = settings.get("mask") is not None, kind in {"fine-tune", "rewind-point"}
    is_mask = (folder / "mask.safetensors").exists()
    pruned = [check for check in checks if check.startswith("as many weights are removed")]
    items = {
        "bit-equality after rewinding": not is_training or checks[REWOUND]["found"] == checks[REWOUND]["expected"],
        "bit-equality of the head": not is_training or HEAD_REWOUND in checks,
        "bit-equality of ends": kind != "interpolate" or TRAINED_ENDS in checks,
        "zeros after every step": not (is_masked and is_training) or checks[HELD]["found"] == result["steps"],
        "zeros in each matrix": not (is_masked and is_training) or checks[HOLES]["found"].keys() == set(facts["scope"]),
        "sparsity in all": not (is_masked or is_mask) or 0.4 < facts["sparsity"] < 0.6,
        "sparsity of each matrix": not is_mask or len(result["matrices"]) in {12, 8},
        "scope by name": not is_masked or set(facts["scope"]),
        "collapsed": not (is_masked or is_mask) or isinstance(facts["collapsed"], list),
        "nesting": kind != "prune" or checks[NESTED]["found"] is True,
        "nesting on the way": "gradually" not in settings or checks[NESTED_ON_THE_WAY]["found"] == facts["prunings"],
        "count of weights": kind not in {"prune", "draw-mask"} or pruned,
        "number of prunings": kind != "prune" or facts["prunings"] == 1,
        "rates": not is_training or (facts["learning rate"]["first"] > facts["learning rate"]["last"] > 0),
        "every rate": not is_training or checks[RATES]["found"] == facts["learning rate"]["trace"],
        "the last rate": kind != "fine-tune" or checks[LAST_RATE]["found"] == facts["learning rate"]["last"],
        "head policy": not is_training or facts["head"] in {"fresh", "rewound", "carried", "pretrained"},
        "trained on": not is_training or facts["trained on"]["examples"] == 90,
        "scored on": kind not in {"fine-tune", "interpolate"} or facts["scored on"]["examples"] == 40,
        "looked at": "training" not in settings or facts["looked at"]["examples"] == 90,
        "metric": kind not in {"fine-tune", "interpolate"} or facts["metric"] == result["metric"],
        "moment": kind not in {"fine-tune", "interpolate"} or "after the last step" in facts["scored"],
        "seeds": kind in {"combine-masks"} or "seed" in settings or kind == "prune" or set(facts["seeds"]) >= SEEDS,
        "seed of a draw": "seed" not in settings or facts["seed"] == settings["seed"],
        "versions": set(provenance["environment"]["versions"]) >= {"python", "torch", "numpy", "transformers"},
        "release": bool(provenance["release"]),
        "checks that hold": certificate["checks"] and all(check["holds"] for check in certificate["checks"]),
    }  # fmt: skip
    for item, is_there in items.items():
        if not is_there:
            yield f"{kind}: {item}"


SEEDS = {"head", "order", "dropout", "subset"}
