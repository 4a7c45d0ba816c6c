"""A whole study, from its text to its verdicts, as its users run it."""

import json
import re
import shutil
import signal
import subprocess
import sys

import pytest
from desk import ENVIRONMENT, SPEC, Answer, Desk, counts


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


def test_a_mask_runs_by_its_name(desk: Desk) -> None:
    answer = desk.ticketrun("run", "small.ticket", "--cell", "random_mask@60%/seed=1")
    assert answer.status == 0, answer.text
    assert "Plan: 1 job: 1 to run" in answer.out
    assert re.search(r"No scores yet: \d+ are to come, and a verdict on each claim with them\.\n\nNext\n", answer.out)


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


def test_weights_that_were_cut_short_are_as_much_to_run_as_is_said(again: Desk) -> None:
    """Nothing reads those of a last level; they are measured before a run as they are before a plan."""
    before = again.artifacts()
    cut = sorted(name for name in before if name.endswith("weights.safetensors"))
    assert len(cut) > 1
    for name in cut:
        (again.folder / name).write_bytes(before[name][:-1])
    planned, read = (again.ticketrun("plan", "small.ticket", *words) for words in ((), ("--verify",)))
    assert counts(planned) == counts(read)
    assert counts(planned)[1] == len(cut)
    ran = again.ticketrun("run", "small.ticket")
    assert ran.status == 0, ran.text
    assert f": {len(cut)} to run" in ran.out
    assert again.artifacts() == before


def test_a_single_cell_runs_alone(desk: Desk) -> None:
    answer = desk.ticketrun("run", "small.ticket", "--cell", "dense/warm/seed=1")
    assert answer.status == 0, answer.text
    assert "Plan: 1 job: 1 to run" in answer.out
    assert "No work" in desk.ticketrun("plan", "small.ticket", "--cell", "dense/warm/seed=1").out
    assert counts(desk.ticketrun("plan", "small.ticket"))[2] == 1
    assert desk.ticketrun("run", "small.ticket", "--cell", "dance/warm/seed=1").status == 2
