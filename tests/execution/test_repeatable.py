"""The same work gives the same bits: after whatever else, each seed by itself, with sums that can be repeated."""

from pathlib import Path

import numpy as np
import pytest
import torch
from attrs import evolve, frozen
from numpy.typing import NDArray
from small_world import (
    SEEDS,
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
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from runtime.jobs.bench import Bench, set_up
from runtime.models.network import Network
from runtime.training.turns import Part, turns
from runtime.weights.files import state_of
from ticketlang.jobs import AnyJob, FineTune, Prune, TrainingSeeds
from ticketlang.study import Pruning
from ticketlang.units import Sparsity

CPU = torch.device("cpu")


def jobs() -> dict[str, AnyJob]:
    """One of each sort, none of which needs another."""
    snip = Pruning(method="snip", allocation="global", scope=("encoder",), batches=3)
    decaying = recipe(optimizer=optimizer(decay=optimizer().epsilon * 10**7))
    masked = text(head="pretrained")
    return {
        "sentences": fine_tune(warm()),
        "products in bf16": fine_tune(warm(), precision="bf16"),
        "at its best": fine_tune(warm(recipe=recipe(2), best_on="validation")),
        "all words": fine_tune(same(recipe=decaying)),
        "scores": fine_tune(count(limit=50)),
        "masked words": fine_tune(masked),
        "spans": fine_tune(spans(length=14)),
        "by turns": fine_tune(warm(), joined=(masked, spans(length=14))),
        "sensitivity": Prune(
            model="m", pruning=snip, sparsity=Sparsity.percent(50), weights=None, start=None, training=fine_tune(text())
        ),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repeatable")
    make_model(folder / "model", has_head=True)
    make_data(folder)
    return folder


def left_by(world: World, job: AnyJob) -> dict[str, bytes]:
    inside = world.do(job).path("result.json").parent
    return {file.name: file.read_bytes() for file in inside.iterdir() if file.name != "provenance.json"}


def test_the_order_of_jobs_changes_nothing(folder: Path, tmp_path: Path) -> None:
    """All that a job leaves, to the last bit: with the others done before it, and after it."""
    forwards, backwards = (World.open(folder / "model", folder, tmp_path / name) for name in ("one", "other"))
    one = {name: left_by(forwards, job) for name, job in jobs().items()}
    other = {name: left_by(backwards, job) for name, job in reversed(jobs().items())}
    for name in one:
        assert one[name] == other[name], name


# Seeds


@frozen(eq=False)
class Drawn:
    """Everything that is drawn for the first steps of a training, by the role that names it."""

    head: dict[str, Tensor]
    order: list[NDArray[np.int64]]
    masking: list[list[int]]  # words that are chosen of the same blocks
    dropout: list[Tensor]
    subset: set[int]  # blocks that `limit` takes

    @classmethod
    def of(cls, world: World, seeds: TrainingSeeds) -> "Drawn":
        job = fine_tune(text(limit=12, recipe=recipe(batch=4)), seeds=seeds)
        bench = set_up(job, world.workshop.model("m").read_again(), None, None, None, world.workshop)
        order = bench.training.order
        batches = [batch for _, _, batch in turns([Part(bench.data.train, order, bench.training.loss)], 0, 3, CPU)]
        question = evolve(bench.data.train.question, numbers=np.arange(12))
        asked = question.ask(
            np.arange(12), bench.data.train.tokens[:192].astype(np.int64), np.full(12, 16), order.bits(0)
        )
        kept = [dropout.draw((40,), torch.zeros(1)) for dropout in bench.dropouts]
        return cls(
            head=state_of(bench.network.head),
            order=[batch.examples for batch in batches],
            masking=asked.reads.tolist(),
            dropout=[some.factors for some in kept if some is not None],
            subset=set(bench.data.train.starts.tolist()),
        )

    def differs(self, other: "Drawn") -> set[str]:
        found = {
            "head": all(torch.equal(self.head[name], other.head[name]) for name in self.head),
            "order": all(np.array_equal(*pair) for pair in zip(self.order, other.order, strict=True)),
            "masking": self.masking == other.masking,
            "dropout": all(torch.equal(*pair) for pair in zip(self.dropout, other.dropout, strict=True)),
            "subset": self.subset == other.subset,
        }
        return {role for role, is_same in found.items() if not is_same}


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({"head": 2}, {"head"}),
        ({"order": 2}, {"order", "masking"}),  # which words are hidden goes by the order, unless it has a seed
        ({"order": 2, "masking": 1}, {"order"}),
        ({"masking": 2}, {"masking"}),
        ({"dropout": 2}, {"dropout"}),
        ({"subset": 2}, {"subset"}),
    ],
)
def test_a_seed_changes_what_it_names_and_nothing_else(
    folder: Path, tmp_path: Path, changed: dict[str, int], differs: set[str]
) -> None:
    world = World.open(folder / "model", folder, tmp_path / "store")
    assert Drawn.of(world, evolve(SEEDS, **changed)).differs(Drawn.of(world, SEEDS)) == differs


# Sums


REFUSED = ("nll_loss2d", "kthvalue", "histc", "put_.", "median.dim", "scatter_reduce", "bincount")


class Seen(TorchDispatchMode):
    """Writes down every operation of torch, those of backward passes among them."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]  # torch's own
        is_sum = "cumsum" in str(func) and args[0].is_floating_point()
        self.names.add(f"{func}{' of floats' if is_sum else ''}")
        return func(*args, **(kwargs or {}))


def bench_of(world: World, job: FineTune) -> Bench:
    return set_up(job, world.workshop.model("m").read_again(), None, None, None, world.workshop)


@pytest.mark.parametrize("in_rows", [False, True], ids=["groups", "rows"])
@pytest.mark.parametrize("name", [name for name, job in jobs().items() if isinstance(job, FineTune)])
def test_no_step_needs_a_sum_that_a_gpu_cannot_repeat(
    folder: Path, tmp_path: Path, name: str, in_rows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch refuses these there where results are to be the same every time (`use_deterministic_algorithms`)."""
    monkeypatch.setattr(Network, "reads_rows", in_rows)
    world = World.open(folder / "model", folder, tmp_path / "store")
    seen = Seen()
    with seen:
        world.do(jobs()[name])
    assert any("backward" in found for found in seen.names)
    assert not [found for found in seen.names if found.startswith(tuple(f"aten.{op}" for op in REFUSED))]
    assert not [found for found in seen.names if found.endswith("of floats")]
