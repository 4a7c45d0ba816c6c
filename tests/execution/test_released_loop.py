"""The search finds the masks of the released loop, which is written here from its description and shares no code.

What the two have in common is what they are given: the pre-trained weights, the first head, and the order of the
examples. Dropout is off; it comes from other generators.
"""

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from small_world import World, fine_tune, make_data, make_model, recipe, warm
from torch.nn.utils import prune
from transformers import AutoTokenizer, BertForSequenceClassification, get_linear_schedule_with_warmup

from runtime.jobs.masks import mask_of
from runtime.models.heads import fresh_head
from runtime.training.batches import TrainingOrder
from runtime.training.seeds import stream
from runtime.weights.files import HEAD_FILE, read_state
from ticketlang.jobs import JobKey, Prune, Reached, key_of
from ticketlang.study import Pruning
from ticketlang.units import Sparsity

ROUNDS, OF = 5, 10  # rounds that are gone through, and that the released schedule is made for
BATCH, RATE = 8, 1e-3
MATRICES = (
    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
    "intermediate.dense", "output.dense",
)  # fmt: skip
Masks = dict[str, torch.Tensor]


@pytest.fixture
def world(tmp_path: Path) -> World:
    make_model(tmp_path / "model", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    make_data(tmp_path)
    return World.open(tmp_path / "model", tmp_path, tmp_path / "store")


def released(folder: Path, head: dict[str, torch.Tensor], *, rewinds: bool) -> Iterator[Masks]:
    """Train, prune a tenth of all weights, rewind the trunk, go on with the head; the rate falls over ten rounds.

    Args:
        rewinds: False: the copy that is to be restored shares its memory with the network, so nothing is rewound.
    """
    network = BertForSequenceClassification.from_pretrained(folder / "model", num_labels=2)
    network.classifier.load_state_dict(head)
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    rows = [json.loads(line) for line in (folder / "warm/train.jsonl").read_text().splitlines()]
    modules = {
        f"encoder.layer.{layer}.{name}.weight": network.get_submodule(f"bert.encoder.layer.{layer}.{name}")
        for layer in range(network.config.num_hidden_layers)
        for name in MATRICES
    } | {"pooler.dense.weight": network.bert.pooler.dense}
    origin = {name: weight.clone() for name, weight in network.bert.named_parameters()}
    order = TrainingOrder(len(rows), BATCH, 1, "warm")
    steps = -(-len(rows) // BATCH)
    for done in range(ROUNDS):
        optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, eps=1e-8, weight_decay=0.0)
        scheduler = get_linear_schedule_with_warmup(optimizer, 0, steps * OF)
        network.train()
        for chosen in order.from_step(0, steps):
            batch = [rows[row] for row in chosen]
            inputs = tokenizer([row["text"] for row in batch], padding=True, return_tensors="pt")
            loss = network(**inputs, labels=torch.tensor([row["label"] for row in batch])).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            network.zero_grad()
        # Scored at the end of a round. Without this forward pass torch would prune by weights of the step before.
        network.eval()
        network(**inputs)
        pairs = [(module, "weight") for module in modules.values()]
        prune.global_unstructured(pairs, pruning_method=prune.L1Unstructured, amount=1 / (OF - done))
        yield {name: module.weight_mask.bool().clone() for name, module in modules.items()}
        if rewinds:
            with torch.no_grad():
                for name, weight in network.bert.named_parameters():
                    weight.copy_(origin[name.removesuffix("_orig")])


def searched(world: World, *, rewinds: bool) -> Iterator[Masks]:
    """The same as jobs of ours."""
    task = warm(recipe=recipe(1, batch=BATCH, rate=Fraction(1, 1000), rounds=OF))
    pruning = Pruning(method="magnitude", allocation="global", scope=("encoder", "pooler"))
    job = fine_tune(task)
    start: JobKey | None = None
    for level in range(1, ROUNDS + 1):
        world.do(job)
        found = Prune(
            model="m", pruning=pruning, sparsity=Sparsity(Fraction(level, OF)), weights=key_of(job), start=start
        )
        artifact, start = world.do(found), key_of(found)
        mask = mask_of(start, {start: artifact})
        assert mask is not None
        yield dict(mask.kept)
        weights = {} if rewinds else {"weights": Reached(job=key_of(job))}
        job = fine_tune(task, mask=start, head=key_of(job), **weights)


@pytest.mark.parametrize("rewinds", [True, False], ids=["rewinds", "as on the masked words, where it does not"])
def test_the_masks_are_those_of_the_released_loop(world: World, tmp_path: Path, rewinds: bool) -> None:
    first = world.do(fine_tune(warm()))
    shape = read_state(first.path(HEAD_FILE))["linear.weight"].shape
    empty = torch.nn.Module()
    empty.linear = torch.nn.Linear(shape[1], shape[0])
    drawn = fresh_head(empty, 0.02, stream(1, "head", "warm"))
    head = {name.removeprefix("linear."): weight for name, weight in drawn.items()}
    levels = zip(released(tmp_path, head, rewinds=rewinds), searched(world, rewinds=rewinds), strict=False)
    for level, (theirs, ours) in enumerate(levels, start=1):
        assert theirs.keys() == ours.keys()
        total = sum(mask.numel() for mask in theirs.values())
        removed, theirs_removed = (sum(int((~mask).sum()) for mask in masks.values()) for masks in (ours, theirs))
        # Counted from the total, where the released code rounds a share of what is left each time.
        assert removed == round(total * level / OF)
        assert abs(theirs_removed - removed) <= level / 2
        differing = sum(int((theirs[name] != ours[name]).sum()) for name in theirs)
        assert differing == abs(theirs_removed - removed), f"masks of round {level} differ by more than a count"
    assert level == ROUNDS
