"""Arms that prune while they train, against plain loops of transformers with masks and schedules put on by hand."""

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from small_world import World, fine_tune, make_data, make_model, optimizer, recipe, warm
from studies import study_of
from torch import Tensor, nn
from transformers import AutoTokenizer, BertForSequenceClassification, get_linear_schedule_with_warmup

from runtime.jobs.bench import set_up
from runtime.jobs.gradually import gradual_of
from runtime.models.network import heads_of
from runtime.pruning.mask import Mask
from runtime.store import Artifact
from runtime.training.batches import TrainingOrder
from runtime.training.gradual import Gradual
from runtime.training.loop import train
from ticketlang.jobs import FineTune, Gradually, Prune, RandomWeights
from ticketlang.lay_out import lay_out
from ticketlang.plan import DataFacts, Facts
from ticketlang.study import Pruning, Rise
from ticketlang.units import Duration, Sparsity

CPU = torch.device("cpu")
BATCH, EPOCH = 8, 12  # 90 examples
DECAY, CLIP, PEAK, WARMUP = 0.1, 0.25, 1 / 256, 5
RECIPE = recipe(
    epochs=3, rate=Fraction(1, 256), warmup=Duration(Fraction(WARMUP), "steps"),
    optimizer=optimizer(decay=Fraction(1, 10), clip=Fraction(1, 4)),
)  # fmt: skip
Tensors = dict[str, Tensor]


def steps(number: int) -> Duration:
    return Duration(Fraction(number), "steps")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Without dropout, which comes from other generators."""
    make_model(tmp_path / "model", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    make_data(tmp_path)
    return World.open(tmp_path / "model", tmp_path, tmp_path / "store")


def first_head(world: World) -> Tensors:
    job = fine_tune(warm())
    bench = set_up(job, world.workshop.model("m").read_again(), None, None, None, world.workshop)
    return {name.removeprefix("linear."): weight for name, weight in heads_of(bench.network).items()}


class Plain:
    """A network of transformers, and the loop that anybody would write for it. The order of examples is ours."""

    def __init__(self, folder: Path, head: Tensors) -> None:
        self.network = BertForSequenceClassification.from_pretrained(folder / "model", num_labels=2)
        self.network.classifier.load_state_dict(head)
        self.tokenizer = AutoTokenizer.from_pretrained(folder / "model")
        self.rows = [json.loads(line) for line in (folder / "warm/train.jsonl").read_text().splitlines()]
        self.weights = {
            name: p for name, p in self.network.bert.named_parameters() if p.ndim == 2 and "encoder" in name
        }
        self.kept: Tensors = {name: torch.ones_like(weight) for name, weight in self.weights.items()}
        self.pulled: Tensors = {name: torch.zeros_like(weight) for name, weight in self.weights.items()}
        everything = list(self.network.parameters())
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in everything if p.ndim > 1], "weight_decay": DECAY},
                {"params": [p for p in everything if p.ndim == 1], "weight_decay": 0.0},
            ],
            lr=PEAK,
            eps=1e-8,
        )

    def prune(self, scores: Tensors, removed: int) -> None:
        """The lowest go, those that are gone first of all; so does what the optimizer remembers of them."""
        line = torch.cat(
            [scores[name].masked_fill(kept == 0, -torch.inf).flatten() for name, kept in self.kept.items()]
        )
        left = torch.ones_like(line)
        left[line.argsort(stable=True)[:removed]] = 0.0
        parts = left.split([weight.numel() for weight in self.weights.values()])
        for (name, weight), part in zip(self.weights.items(), parts, strict=True):
            self.kept[name] = part.view(weight.shape)
            for memory in ("exp_avg", "exp_avg_sq"):
                if memory in self.optimizer.state.get(weight, {}):
                    self.optimizer.state[weight][memory] *= self.kept[name]
        self.hold()

    def hold(self) -> None:
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight *= self.kept[name]

    def train(self, epochs: int, before: Callable[[int], None] = lambda step: None) -> Iterator[tuple[float, float]]:
        """Losses, and norms of the gradients of what is left."""
        rates = get_linear_schedule_with_warmup(self.optimizer, WARMUP, epochs * EPOCH)
        order = TrainingOrder(len(self.rows), BATCH, 1, "warm")
        self.network.train()
        for step, chosen in enumerate(order.from_step(0, epochs * EPOCH)):
            before(step)
            batch = [self.rows[row] for row in chosen]
            inputs = self.tokenizer([row["text"] for row in batch], padding=True, return_tensors="pt")
            loss = self.network(**inputs, labels=torch.tensor([row["label"] for row in batch])).loss
            self.optimizer.zero_grad()
            loss.backward()
            for name, weight in self.weights.items():
                assert weight.grad is not None
                weight.grad *= self.kept[name]
                self.pulled[name] += weight.detach() * weight.grad
            norm = nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
            self.optimizer.step()
            rates.step()
            self.hold()
            yield loss.item(), float(norm)


def same_masks(kept: Tensors, mask: Mask) -> bool:
    return kept.keys() == mask.kept.keys() and all(torch.equal(kept[name] == 1, mask.kept[name]) for name in kept)


def mask_of(artifact: Artifact) -> Mask:
    return Mask.read(artifact.path("mask.safetensors"))


def rising(percent: int) -> Gradually:
    rise = Rise(begins=steps(4), ends=steps(20), every=steps(4))
    pruning = Pruning(method="magnitude", allocation="global", scope=("encoder",), rise=rise)
    return Gradually(pruning=pruning, sparsity=Sparsity.percent(percent))


def test_a_gradual_pruning_is_that_of_a_plain_loop(world: World, tmp_path: Path) -> None:
    """Mask by mask, with warm-up, decay and clipping at every step: the sparsity at step t of a rise from 4 to 20 is
    s (1 - (1 - (t - 4) / 16)^3), and the moments of what goes are forgotten."""
    ours: list[Mask] = []
    job = fine_tune(warm(recipe=RECIPE), gradually=rising(70))
    assert job.gradually is not None
    bench = set_up(job, world.workshop.model("m").read_again(), None, None, None, world.workshop)
    inner = gradual_of(job.gradually, bench)

    def prune(weights, sparsity, start):  # type: ignore[no-untyped-def]  # the signature is that of `PruneTo`
        ours.append(inner.prune(weights, sparsity, start))
        return ours[-1]

    plain = Plain(tmp_path, first_head(world))
    theirs: list[Tensors] = []

    def before(step: int) -> None:
        if step in (8, 12, 16, 20):
            total = sum(weight.numel() for weight in plain.weights.values())
            sparsity = 0.7 * (1 - (1 - (step - 4) / 16) ** 3)
            plain.prune(
                {name: weight.detach().abs() for name, weight in plain.weights.items()}, round(sparsity * total)
            )
            theirs.append(dict(plain.kept))

    losses, norms = zip(*plain.train(3, before), strict=True)
    trained = train(
        bench.network, None, bench.dropouts, bench.data.train, bench.training, lambda step, whole: None,
        gradual=Gradual(inner.sparsities, prune),
    )  # fmt: skip

    assert sum(norm > CLIP for norm in norms) > 10  # so that what is clipped by decides
    assert len(ours) == len(theirs) == 4
    assert all(same_masks(kept, mask) for kept, mask in zip(theirs, ours, strict=True))
    np.testing.assert_allclose([mean for _, mean in trained.curve], losses, atol=2e-5)
    for name, weight in bench.network.trunk.named_parameters():
        peer = plain.network.bert.get_parameter(name)
        torch.testing.assert_close(weight, peer, atol=5e-5, rtol=0, msg=name)
    assert world.do(job).result["learning_curve"] == [list(point) for point in trained.curve]


def test_movement_finds_the_masks_of_a_plain_loop_round_by_round(world: World, tmp_path: Path) -> None:
    """Train, add up w * dL/dw of what is left, prune, go back to the beginning: three times."""
    of = Pruning(method="movement", allocation="global", scope=("encoder",))
    head, start = first_head(world), None
    kept: Tensors | None = None
    task = warm(recipe=RECIPE)
    for percent in (30, 60, 80):
        trained = world.do(fine_tune(task, mask=start, keeps_movement=True))
        found = world.do(
            Prune(model="m", pruning=of, sparsity=Sparsity.percent(percent), weights=trained.key, start=start)
        )
        start = found.key

        plain = Plain(tmp_path, head)
        plain.kept = kept or plain.kept
        plain.hold()
        losses, _ = zip(*plain.train(3), strict=True)
        movement = load_file(trained.path("movement.safetensors"))
        for name, pulled in plain.pulled.items():
            largest = float(pulled.abs().max())
            torch.testing.assert_close(movement[name], pulled, atol=1e-4 * largest, rtol=1e-3, msg=name)
        total = sum(weight.numel() for weight in plain.weights.values())
        plain.prune({name: -pulled for name, pulled in plain.pulled.items()}, round(percent / 100 * total))
        kept = dict(plain.kept)

        np.testing.assert_allclose([mean for _, mean in trained.result["learning_curve"]], losses, atol=2e-5)
        assert same_masks(kept, mask_of(found)), f"the masks of {percent}% differ"


# bf16


def test_bf16_prunes_exactly_and_remembers_in_fp32(world: World) -> None:
    """After every step, decay and all: what is gone is zero, and weights and moments have all bits of fp32."""
    job = fine_tune(warm(recipe=RECIPE), gradually=rising(70), precision="bf16")
    assert job.gradually is not None
    bench = set_up(job, world.workshop.model("m").read_again(), None, None, None, world.workshop)
    inner = gradual_of(job.gradually, bench)
    weights = dict(bench.network.trunk.named_parameters())
    mask: Mask | None = None
    alive = []

    def prune(found, sparsity, start):  # type: ignore[no-untyped-def]  # as above
        nonlocal mask
        mask = inner.prune(found, sparsity, start)
        return mask

    def look(step: int, whole: int) -> None:
        if mask is not None:
            alive.append(sum(int(weights[name][~bits].count_nonzero()) for name, bits in mask.kept.items()))

    train(
        bench.network, None, bench.dropouts, bench.data.train, bench.training, look,
        gradual=Gradual(inner.sparsities, prune),
    )  # fmt: skip

    assert alive == [0] * (36 - 8)
    for name, weight in weights.items():
        assert weight.dtype == torch.float32
        assert not torch.equal(weight, weight.bfloat16().float()) or not weight.any(), name


def test_what_bf16_trained_is_scored_as_transformers_scores_it_in_fp32(world: World, tmp_path: Path) -> None:
    left = world.do(fine_tune(warm(recipe=RECIPE), gradually=rising(50), precision="bf16"))
    head = {name.removeprefix("linear."): weight for name, weight in load_file(left.path("head.safetensors")).items()}
    plain = Plain(tmp_path, head)
    plain.network.bert.load_state_dict(load_file(left.path("weights.safetensors")))
    rows = [json.loads(line) for line in (tmp_path / "warm/validation.jsonl").read_text().splitlines()]

    with torch.inference_mode():
        inputs = plain.tokenizer([row["text"] for row in rows], padding=True, return_tensors="pt")
        found = plain.network.eval()(**inputs).logits.argmax(-1)

    right = np.mean(found.numpy() == np.array([row["label"] for row in rows]))
    assert left.result["scores"]["accuracy"] == pytest.approx(right)
    assert left.certificate.holds


# Baselines of gradual arms

SPEC = """
task warm {
  kind classify sentence
  data files "warm/{split}.jsonl"
  text text
  label label
  train 2 epochs
  batch 8 examples
  rate 1e-3 linear
  length 16 tokens
}
study s {
  model folder "m"
  seeds 1
  ticket imp {
    source warm
    prune gradual magnitude of encoder from 10% to 50% of training every 2 steps
    sparsity 40%, 70% of original
    rewind 0 steps
  }
  baselines dense, random_mask, random_layer_mask, random_init, shuffled_init, gradual_run
}
"""


def test_baselines_of_gradual_arms_share_the_mask_and_not_the_pruning(world: World) -> None:
    """All but the run itself are trained from their weights on under a mask that is whole from the first step."""
    study = study_of(SPEC)
    plan = lay_out(study, Facts(model="m", data={"warm": DataFacts(digest="data")}))
    done = {key: world.do(planned.job) for key, planned in plan.jobs.items()}
    cells = {cell.id.removesuffix("/warm/seed=1"): key for cell, key in plan.cells.items()}

    assert len(cells) == 1 + 6 * 2
    for level in ("40%", "70%"):
        run = cells[f"gradual_run.imp/warm@{level}"]
        ticket = plan.jobs[cells[f"imp/warm@{level}"]].job
        assert isinstance(ticket, FineTune)
        assert ticket.mask == run
        for name, key in cells.items():
            if not name.endswith(level) or key == run:
                continue
            arm = plan.jobs[key].job
            assert isinstance(arm, FineTune)
            assert arm.gradually is None
            removed = done[run].result["removed"]
            weights = load_file(done[key].path("weights.safetensors")) if arm.keeps_weights else {}
            assert arm.mask is not None
            mask = mask_of(done[arm.mask])
            assert mask.removed == removed, name
            if name.startswith(("imp", "random_init", "shuffled_init")):
                assert arm.mask == run, name
            if name.startswith("random_layer_mask"):
                assert mask.per_matrix() == mask_of(done[run]).per_matrix()
            assert all(not weights[matrix][~bits].any() for matrix, bits in mask.kept.items() if weights), name
            assert done[key].result["steps"] == done[run].result["steps"]
            assert done[key].certificate.holds
        init = plan.jobs[cells[f"random_init.imp/warm@{level}"]].job
        assert isinstance(init, FineTune)
        assert isinstance(init.weights, RandomWeights)
    dense = plan.jobs[cells["dense"]].job
    assert isinstance(dense, FineTune)
    assert (dense.mask, dense.gradually) == (None, None)
