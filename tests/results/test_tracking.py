"""Trackers are told of trainings, and a run does not depend on them."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from handmade import DENSE, plan, study, ticket
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from runtime.failures import NoTracker
from runtime.progress import Lines
from runtime.progress.trackers import TRACKERS, TensorBoard, place_of, tracker
from runtime.progress.tracking import Tracked, Tracking, tracked
from runtime.schedulers.ran import Ran
from ticketlang.cli import run as command
from ticketlang.jobs import FineTune, JobKey, settings
from ticketlang.plan import Plan, PlannedJob

WANTED = study(ticket("a", 30), baselines=(DENSE,))
RESULT = {"learning_curve": [[5, 0.75], [10, 0.5]], "scores": {"accuracy": 0.8125, "f1": 0.5}}
OVER = Ran(done=1, failed=0, waiting=0)


@define
class Noting:
    """A tracker that remembers."""

    fails_at: int | None = None
    runs: list[Tracked] = field(factory=list)
    closed: bool = False

    def take(self, run: Tracked) -> None:
        if len(self.runs) == self.fails_at:
            raise OSError("no room\nand more")
        self.runs.append(run)

    def close(self) -> None:
        self.closed = True


def training(of: Plan) -> PlannedJob:
    return next(job for job in of.jobs.values() if isinstance(job.job, FineTune))


def told(tracker: Noting, stream: StringIO, *jobs: PlannedJob) -> None:
    """A run of some jobs that a tracker listens to."""

    def result(key: JobKey) -> Mapping[str, Any]:
        return RESULT

    tracking = Tracking(Lines(stream=stream), "noting", lambda: tracker, result)
    tracking.planned(plan(WANTED))
    for job in jobs:
        tracking.started(job)
        tracking.advanced(job.key, 1, 2)
        tracking.finished(job, "", 1.0)
    tracking.ended(OVER)


def test_trainings_are_told_and_nothing_else() -> None:
    laid_out, noting, stream = plan(WANTED), Noting(), StringIO()
    told(noting, stream, *laid_out.jobs.values())

    trained = [job for job in laid_out.jobs.values() if isinstance(job.job, FineTune)]
    assert [run.key for run in noting.runs] == [job.key for job in trained]
    assert noting.closed
    first = noting.runs[0]
    assert (first.study, first.name) == (laid_out.study.name, trained[0].labels[0])
    assert first.settings == settings(trained[0].job)
    assert first.curve == ((5, 0.75), (10, 0.5))
    assert first.scores == RESULT["scores"]
    assert stream.getvalue().count("Trained") == len(trained)


def test_a_tracker_that_fails_is_left_behind() -> None:
    laid_out, noting, stream = plan(WANTED), Noting(fails_at=1), StringIO()
    jobs = [job for job in laid_out.jobs.values() if isinstance(job.job, FineTune)]
    told(noting, stream, *jobs)

    assert len(noting.runs) == 1
    assert "noting is told nothing more: no room" in stream.getvalue()
    assert stream.getvalue().count("Trained") == len(jobs)


def test_tensorboard_shows_curves_and_scores(tmp_path: Path) -> None:
    job = training(plan(WANTED))
    TensorBoard(tmp_path).take(tracked("handmade", job, RESULT))
    events = EventAccumulator(str(tmp_path / "handmade" / place_of(job.labels[0])))
    events.Reload()

    assert set(events.Tags()["tensors"]) == {"loss", "accuracy", "f1"}
    assert [event.step for event in events.Tensors("loss")] == [5, 10]
    assert [event.tensor_proto.float_val[0] for event in events.Tensors("loss")] == [0.75, 0.5]
    assert [event.tensor_proto.float_val[0] for event in events.Tensors("accuracy")] == [0.8125]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/../b", "..", "", "imp[rewind=5%]/mlm@70%/seed=1"]
)
def test_names_stay_in_the_folder(name: str) -> None:
    place = place_of(name)
    assert not place.is_absolute()
    assert ".." not in place.parts


def test_the_command_line_names_every_tracker() -> None:
    assert set(command.TRACKERS) == TRACKERS.keys()


def test_a_tracker_that_is_not_installed_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRACKERS, "wandb", ("no_such_package_at_all", lambda folder: TensorBoard(folder)))
    with pytest.raises(NoTracker, match="`no_such_package_at_all` is not installed"):
        tracker("wandb", tmp_path)
