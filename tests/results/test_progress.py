"""What one sees while jobs run: counts, time to go, screens of three widths, and plain lines."""

import re
import signal
from io import StringIO
from pathlib import Path

import pytest
from attrs import define, evolve
from handmade import DENSE, RANDOM_MASK, plan, shown, study, ticket, transfer
from rich.console import Console

from runtime.progress import Lines, LiveTable, summary_of
from runtime.progress.live import screen_of, table_of
from runtime.progress.summary import ending, until
from runtime.progress.tally import Tally
from runtime.schedulers.ran import Ran
from runtime.store import Failure
from ticketlang.cost import time_text
from ticketlang.jobs import FineTune
from ticketlang.plan import Known, Plan, PlannedJob

WANTED = study(
    ticket("a", 30, 50, 70), ticket("b", 70), baselines=(DENSE, RANDOM_MASK), transfers=(transfer("imp", 70, "a", "b"),)
)


@define
class Clock:
    """A clock that goes when told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def trainings(of: Plan, task: str) -> list[PlannedJob]:
    return [job for job in of.jobs.values() if isinstance(job.job, FineTune) and job.job.task.name == task]


def test_counts_go_by_group() -> None:
    tally, laid_out = Tally(clock=Clock()), plan(WANTED)
    tally.planned(laid_out)
    first, second, third = trainings(laid_out, "a")[:3]
    tally.started(first)
    tally.finished(first, 3.0)
    tally.started(second)
    tally.gave_up(second)
    tally.started(third)

    total = tally.total(tally.rows())

    assert [row.name for row in tally.rows()] == list(dict.fromkeys(job.group for job in laid_out.jobs.values()))
    assert (total.done, total.failed, len(total.running), total.reused) == (1, 1, 1, 0)
    assert total.left == len(laid_out.jobs) - 3


def test_what_this_run_did_is_done_and_not_reused() -> None:
    """A new plan knows the results of this run: they are still its own work."""
    tally, laid_out = Tally(clock=Clock()), plan(WANTED)
    tally.planned(laid_out)
    job = trainings(laid_out, "a")[0]
    tally.finished(job, 3.0)

    known = {job.key: Known(study="s", keeps_weights=True, seconds=3.0)}
    tally.planned(plan(WANTED, lambda keys: known))

    total = tally.total(tally.rows())
    assert (total.done, total.reused) == (1, 0)


def test_time_to_go_is_that_of_jobs_like_it() -> None:
    tally, laid_out = Tally(clock=Clock()), plan(WANTED)
    tally.planned(laid_out)
    a, b = trainings(laid_out, "a"), trainings(laid_out, "b")
    assert tally.total(tally.rows()).seconds is None  # nothing was ever timed

    for job in laid_out.jobs.values():
        if not isinstance(job.job, FineTune):
            tally.finished(job, 0.0)
    tally.finished(a[0], 10.0)
    tally.finished(b[0], 100.0)

    seconds = tally.total(tally.rows()).seconds
    assert seconds == pytest.approx(10.0 * (len(a) - 1) + 100.0 * (len(b) - 1))


def test_two_hands_are_done_in_half_the_time_and_say_what_they_do() -> None:
    clock = Clock()
    tally, laid_out = Tally(clock=clock), plan(WANTED)
    tally.planned(laid_out)
    jobs = list(laid_out.jobs.values())
    for job in jobs[:2]:
        tally.started(job)
    for job in jobs[:2]:
        tally.advanced(job.key, 0, 100)
    clock.now += 10
    tally.advanced(jobs[0].key, 50, 100)

    def screen(width: int, height: int) -> str:
        rows = tally.rows()
        hands = [None if key is None else tally.running[key] for key in tally.hands]
        return shown(screen_of(rows, tally.total(rows), hands, clock.now, width, height), width=width)

    assert f"worker 1  50/100  5.0 it/s       {jobs[0].labels[0]}" in screen(80, 30)
    assert "worker 1" not in screen(80, 8)
    assert max(map(len, screen(60, 30).splitlines())) <= 57

    tally.finished(jobs[0], 20.0)
    for job in jobs[3:]:
        tally.started(job)
        tally.finished(job, 20.0)
    tally.gave_up(jobs[1])
    tally.started(jobs[2])

    assert "worker 2  waits" in screen(80, 30)
    assert tally.total(tally.rows()).seconds == pytest.approx(20.0 / 2)
    assert tally.total(tally.rows()).share == pytest.approx((len(jobs) - 1) / len(jobs))


def test_earlier_runs_tell_the_time_until_this_one_does() -> None:
    laid_out = plan(WANTED)
    a = trainings(laid_out, "a")
    others = [job for job in laid_out.jobs.values() if job not in a]
    known = {job.key: Known(study="s", keeps_weights=True, seconds=1.0) for job in (*others, a[0])}
    known[a[0].key] = evolve(known[a[0].key], seconds=60.0)
    tally = Tally(clock=Clock())
    tally.planned(plan(WANTED, lambda keys: known))

    assert tally.total(tally.rows()).seconds == pytest.approx(60.0 * (len(a) - 1))
    tally.finished(a[1], 6.0)
    assert tally.total(tally.rows()).seconds == pytest.approx(6.0 * (len(a) - 2))


def test_a_running_job_counts_with_what_is_left_of_it() -> None:
    clock = Clock()
    tally, laid_out = Tally(clock=clock), plan(WANTED)
    tally.planned(laid_out)
    first, *rest = laid_out.jobs.values()
    for job in rest:
        tally.finished(job, 1.0)
    tally.started(first)
    clock.now += 50  # loading
    tally.advanced(first.key, 10, 100)
    clock.now += 5
    tally.advanced(first.key, 20, 100)

    assert tally.total(tally.rows()).seconds == pytest.approx(40.0)  # 80 steps at two a second: loading is past
    assert tally.running[first.key].rate(clock.now) == pytest.approx(2.0)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_fits_and_keeps_its_height(width: int) -> None:
    clock = Clock()
    tally, laid_out = Tally(clock=clock), plan(WANTED)
    tally.planned(laid_out)
    heights = set()
    for job in laid_out.jobs.values():
        tally.started(job)
        tally.advanced(job.key, 10, 12_272)
        clock.now += 7
        tally.advanced(job.key, 20, 12_272)
        rows = tally.rows()
        text = shown(table_of(rows, tally.total(rows), clock.now, width, 24), width=width)
        heights.add(len(text.splitlines()))
        assert max(map(len, text.splitlines())) <= width - 3  # room for what the terminal echoes
        assert ("20/12272  1.4 it/s" in text) == (width >= 80)
        tally.finished(job, 7.0)
    assert len(heights) == 1
    assert shown(table_of(tally.rows(), tally.total(tally.rows()), clock.now, width, 24), width=width) == shown(
        table_of(tally.rows(), tally.total(tally.rows()), clock.now + 99, width, 24), width=width
    )


def test_a_low_screen_shows_what_is_running() -> None:
    tally, laid_out = Tally(clock=Clock()), plan(WANTED)
    tally.planned(laid_out)
    last = list(laid_out.jobs.values())[-1]
    tally.started(last)

    rows = tally.rows()
    text = shown(table_of(rows, tally.total(rows), 1000.0, 80, 7), width=80)

    assert len(text.splitlines()) <= 7
    assert last.group in text
    assert "more" in text
    assert text.splitlines()[-1].startswith("total")


def test_the_live_table_leaves_one_clean_screen() -> None:
    """Failures stay above the table; the last line says how it ended and what to do."""
    console = Console(file=StringIO(), width=80, height=24, force_terminal=False)
    live, laid_out = LiveTable(console=console), plan(WANTED)
    live.planned(laid_out)
    job = trainings(laid_out, "a")[0]
    live.started(job)
    live.noticed(job.key, "pooler.dense.weight keeps 0.4% of its weights\x1b[2J")
    live.failed(job, "the loss was not finite")
    log = Path("store/failures/a.log")
    failure = Failure(key=job.key, label="a", sentence="the loss was not finite", when="2020-01-01T00:00:00", log=log)
    live.ended(Ran(done=0, failed=1, waiting=4, failures=(failure,), interrupted=signal.SIGINT))

    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[0].startswith("note ")
    assert lines[0].endswith(r"keeps 0.4% of its weights\x1b[2J")
    assert lines[1] == f"failed {job.labels[0]}: the loss was not finite"
    assert lines[-4].startswith("total")
    assert lines[-3] == f"log a: {log}"
    assert re.fullmatch(
        r"Interrupted after 0 jobs in 0\.\ds, 1 failed; 4 left, run it again to go on from here",
        " ".join(line.strip() for line in lines[-2:]),
    )


def test_lines_for_a_pipe() -> None:
    stream = StringIO()
    lines, laid_out = Lines(stream=stream, tally=Tally(clock=Clock())), plan(WANTED)
    lines.planned(laid_out)
    a, b = list(laid_out.jobs.values())[:2]
    for job in (a, b):
        lines.started(job)
        lines.advanced(job.key, 10, 20)
    lines.finished(a, "accuracy 81.20", 34.0)
    lines.failed(b, "no\x1b[31m room")
    lines.planned(laid_out)
    log = Path("store/failures/b.log")
    failure = Failure(key=b.key, label="b\x1b[31m", sentence="no room", when="2020-01-01T00:00:00+00:00", log=log)
    lines.ended(Ran(done=1, failed=1, waiting=0, failures=(failure,)))

    count = len(laid_out.jobs)
    assert stream.getvalue().splitlines() == [
        f"    Training {a.labels[0]}",  # the first alone is told before it is done
        f"     Trained [1/{count}] {a.labels[0]}: accuracy 81.20 (34s)",
        rf"      Failed [2/{count}] {b.labels[0]}: no\x1b[31m room",
        rf"         Log b\x1b[31m: {log}",
        "      Failed 1 of 2 jobs in 0.0s; what is done is kept",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (59.4, "59s"),
        (59.6, "1m 00s"),
        (3599.6, "1h 00m"),
        (90_000, "1d 01h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_what_is_still_to_go_is_never_nothing() -> None:
    assert [until(seconds) for seconds in (0.0, 0.2, 1.2, 59.5)] == ["1s", "1s", "2s", "1m 00s"]


def test_summaries_name_the_deciding_score() -> None:
    assert summary_of({"metric": "f1", "scores": {"accuracy": 0.5, "f1": 0.8123}}) == "f1 81.23"
    assert summary_of({"removed": 59_867_136, "total": 85_524_480}) == "59,867,136 of 85,524,480 weights removed"
    assert summary_of({}) == ""


@pytest.mark.parametrize(("waiting", "said"), [(1, "1 waits for what failed"), (2, "2 wait for what failed")])
def test_the_last_line_speaks_of_one_as_one(waiting: int, said: str) -> None:
    assert said in ending(3, 1, waiting, None, 2.0)[1]
