"""Trainings that are interrupted after every single step end in the very bytes of one that never was."""

import signal
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from attrs import evolve
from small_world import (
    Notes,
    World,
    count,
    fine_tune,
    make_data,
    make_model,
    optimizer,
    recipe,
    same,
    spans,
    text,
    warm,
)

from runtime.models.network import Network
from runtime.pruning.mask import Mask
from runtime.schedulers.interruption import Interruption, Stop
from runtime.store import Artifact, PassingDisk, StoreError
from runtime.store.checkpoints import Checkpoints, Standing
from ticketlang.jobs import AnyJob, DrawMask, Gradually, Interpolate, JobKey, Reached, ReachRewindPoint, key_of
from ticketlang.study import Pruning, Rise
from ticketlang.units import Duration, Sparsity

SHORT = recipe(batch=16)  # six steps an epoch
LONGER = recipe(2, batch=16)
MASK = DrawMask(model="m", scope=("encoder", "pooler"), sparsity=Sparsity.percent(60), seed=3, like=None)


def steps(number: int) -> Duration:
    return Duration(Fraction(number), "steps")


def rising() -> Gradually:
    rise = Rise(begins=steps(1), ends=steps(9), every=steps(3))
    pruning = Pruning(method="magnitude", allocation="global", scope=("encoder",), rise=rise)
    return Gradually(pruning=pruning, sparsity=Sparsity.percent(70))


POINT = ReachRewindPoint(
    model="m", task=warm(recipe=LONGER), data="data", until=steps(4), seeds=fine_tune(warm()).seeds, precision="fp32"
)


def jobs() -> dict[str, tuple[AnyJob, ...]]:
    """Each with those that it needs before it."""
    decaying = recipe(batch=16, optimizer=optimizer(decay=Fraction(1, 10)))
    words = text(head="pretrained", recipe=recipe(batch=16))
    best = warm(recipe=LONGER, best_on="validation")
    rewound = fine_tune(
        warm(recipe=LONGER),
        weights=Reached(job=key_of(POINT)),
        head=key_of(POINT),
        begins=steps(4),
        mask=key_of(MASK),
    )
    one, other = (fine_tune(warm(recipe=SHORT), seeds=evolve(POINT.seeds, order=order)) for order in (1, 2))
    line = Interpolate(
        model="m", task=warm(recipe=SHORT), data="data", seeds=one.seeds, precision="fp32", weights=one.weights,
        mask=None, one=key_of(one), other=key_of(other), points=5,
    )  # fmt: skip
    return {
        "sentences": (fine_tune(warm(recipe=SHORT)),),
        "all words, decaying": (fine_tune(same(recipe=decaying)),),
        "scores in bf16": (fine_tune(count(recipe=SHORT), precision="bf16"),),
        "spans": (fine_tune(spans(length=14, recipe=SHORT)),),
        "masked words": (fine_tune(words),),
        "at its best": (fine_tune(best),),
        "under a mask, later": (MASK, POINT, rewound),
        "by turns": (fine_tune(warm(recipe=SHORT), joined=(words, spans(length=14))),),
        "gradually": (fine_tune(best, gradually=rising()),),
        "movement": (MASK, fine_tune(warm(recipe=SHORT), mask=key_of(MASK), keeps_movement=True)),
        "a rewind point": (POINT,),
        "a line": (one, other, line),
    }


class Striking(Notes):
    """Stops the run at each step of it that was not there before."""

    def __init__(self) -> None:
        super().__init__()
        self.stop = Stop()
        self.furthest: dict[JobKey, int] = {}

    def advanced(self, key: JobKey, step: int, steps: int) -> None:
        super().advanced(key, step, steps)
        if step > self.furthest.get(key, 0):
            self.furthest[key] = step
            self.stop.by = signal.SIGTERM


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resuming")
    make_model(folder / "model", has_head=True)
    make_data(folder)
    return folder


def keeping(folder: Path, store: Path, notes: Notes | None = None) -> World:
    """A world that keeps what its jobs have come to, after every step."""
    world = World.open(folder / "model", folder, store, notes)
    world.workshop.keepers.checkpoints = Checkpoints(world.store.layout, PassingDisk(), 0.0)
    return world


def again_and_again(world: World, job: AnyJob) -> tuple[Artifact, int]:
    """Do a job as often as it is interrupted, and say how often it was."""
    assert isinstance(world.notes, Striking)
    times = 0
    while True:
        world.notes.stop = Stop()
        world.workshop.listen_to(world.notes.stop)
        try:
            return world.do(job), times
        except Interruption:
            times += 1


def left(artifact: Artifact) -> dict[str, bytes]:
    inside = artifact.path("result.json").parent
    return {file.name: file.read_bytes() for file in inside.iterdir() if file.name != "provenance.json"}


@pytest.mark.parametrize("name", list(jobs()))
def test_a_job_that_is_interrupted_after_every_step_leaves_the_same_bytes(
    folder: Path, tmp_path: Path, name: str
) -> None:
    plain = World.open(folder / "model", folder, tmp_path / "plain")
    struck = keeping(folder, tmp_path / "struck", Striking())

    for job in jobs()[name]:
        expected = left(plain.do(job))
        artifact, times = again_and_again(struck, job)
        assert left(artifact) == expected
        if "steps" in artifact.result:
            assert times == artifact.result["steps"]
            assert struck.workshop.keepers.checkpoints is not None
            assert struck.workshop.keepers.checkpoints.resumed(key_of(job)) == tuple(range(1, times + 1))
    assert struck.notes.noticed_texts == plain.notes.noticed_texts


def interrupting(at: int, scoring: bool) -> Callable[..., torch.Tensor]:
    """A forward pass that is struck the n-th time, as a signal would that nobody has looked for."""
    times = 0
    forward = Network.forward

    def forward_or_not(self: Network, *given: object) -> torch.Tensor:
        nonlocal times
        times += self.training is not scoring
        if times == at and self.training is not scoring:
            raise Interruption(signal.SIGINT)
        return forward(self, *given)  # type: ignore[arg-type]  # whatever it was given

    return forward_or_not


@pytest.mark.parametrize(("at", "scoring", "stands"), [(4, False, 3), (1, True, 6), (2, True, 6), (3, True, 12)])
def test_what_is_struck_in_the_middle_keeps_the_steps_before(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, scoring: bool, stands: int
) -> None:
    """Be it in a forward pass, or in the scoring after an epoch or after the end; though no checkpoint was due."""
    job = fine_tune(warm(recipe=LONGER, best_on="validation"), gradually=rising() if at == 4 else None)
    expected = left(World.open(folder / "model", folder, tmp_path / "plain").do(job))
    world = keeping(folder, tmp_path / "struck")
    kept = world.workshop.keepers.checkpoints
    assert kept is not None
    kept.every = 1000.0
    with monkeypatch.context() as patch:
        patch.setattr(Network, "forward", interrupting(at, scoring))
        with pytest.raises(Interruption):
            world.do(job)

    assert kept.standing([key_of(job)]) == {key_of(job): Standing(step=stands, steps=12)}
    world.notes.steps.clear()
    assert left(world.do(job)) == expected
    assert len(world.notes.steps) <= 13 - stands


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("struck", [(Mask, "is_inside"), (Mask, "apply_"), (torch.optim.AdamW, "step")])
def test_what_is_struck_within_a_step_goes_on_from_before_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, struck: tuple[type, str], number: int
) -> None:
    """In the midst of a pruning, or of a step of the optimizer, nothing is whole: neither is done twice."""
    job = fine_tune(warm(recipe=LONGER), gradually=rising())
    expected = left(World.open(folder / "model", folder, tmp_path / "plain").do(job))
    world = keeping(folder, tmp_path / "struck")
    where, name = struck
    there, times = getattr(where, name), 0

    def strike(*given: object, **named: object) -> object:
        nonlocal times
        times += 1
        if times == number:
            raise Interruption(signal.SIGINT)
        return there(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(where, name, strike)
        with suppress(Interruption):
            world.do(job)
    assert times >= number
    assert left(world.do(job)) == expected


class Refusing(PassingDisk):
    """A disk without room for checkpoints."""

    def write_new(self, path: Path, content: bytes | memoryview) -> None:
        raise StoreError("the disk is full")


def test_checkpoints_that_cannot_be_written_cost_a_sentence(folder: Path, tmp_path: Path) -> None:
    job = fine_tune(warm(recipe=SHORT))
    world = keeping(folder, tmp_path / "store")
    world.workshop.keepers.checkpoints = Checkpoints(world.store.layout, Refusing(), 0.0)

    artifact = world.do(job)

    assert left(artifact) == left(World.open(folder / "model", folder, tmp_path / "plain").do(job))
    assert world.notes.noticed_texts == ["no checkpoint can be written, and the job goes on without: the disk is full"]


@pytest.mark.parametrize("harm", ["damaged", "of another environment"])
def test_a_checkpoint_that_cannot_be_used_is_dropped(folder: Path, tmp_path: Path, harm: str) -> None:
    job = fine_tune(warm(recipe=SHORT))
    world = keeping(folder, tmp_path / "store", Striking())
    assert isinstance(world.notes, Striking)
    world.workshop.listen_to(world.notes.stop)
    with pytest.raises(Interruption):
        world.do(job)
    kept = world.workshop.keepers.checkpoints
    assert kept is not None
    assert kept.standing([key_of(job)])[key_of(job)].step == 1
    if harm == "damaged":
        (tensors,) = kept.layout.checkpoints_of(key_of(job)).glob("*.safetensors")
        content = tensors.read_bytes()
        tensors.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        torch.set_num_threads(2)
    world.workshop.listen_to(Stop())
    try:
        artifact = world.do(job)
    finally:
        torch.set_num_threads(1)

    assert world.notes.steps[1] == (1, 6)  # from the beginning
    (said,) = world.notes.noticed_texts
    assert said.startswith(f"its checkpoint is {harm}")
    assert said.endswith("; the job begins anew")
    assert kept.resumed(key_of(job)) == ()
    if harm == "damaged":
        assert left(artifact) == left(World.open(folder / "model", folder, tmp_path / "plain").do(job))
