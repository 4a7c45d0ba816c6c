"""A world small enough to train in: a two-layer BERT, two tasks about colours, and a store to leave results in."""

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import torch
from attrs import define, evolve, field
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForPreTraining, BertModel, PreTrainedTokenizerFast

from runtime.facts import DataPlace, Places
from runtime.jobs import perform
from runtime.progress import Silent
from runtime.store import Artifact, Environment, Outcome, Provenance, Store
from runtime.verification import Verified, verify
from runtime.workshop import Workshop
from ticketlang.jobs import AnyJob, FineTune, JobKey, Pretrained, TrainingSeeds, inputs_of, key_of
from ticketlang.plan import PlannedJob
from ticketlang.source import Source
from ticketlang.study import Data, Optimizer, Recipe, Task
from ticketlang.units import Duration

AT = Source("world.ticket", "task colours").span(0, 12)
WARM, COLD = ("red", "orange", "yellow"), ("blue", "green", "violet")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = (*WARM, *COLD, "a", "the", "bright", "pale", "thing", "sky", "##s")
SEEDS = TrainingSeeds(head=1, order=1, dropout=1, subset=1)


def make_model(folder: Path, *, has_pooler: bool = True, has_head: bool = False, **changed: object) -> Path:
    """Write a model folder: random weights, and a WordPiece tokenizer for the words of this world.

    Args:
        has_head: with the heads that BERT was pre-trained with, too.
    """
    config = BertConfig(**{
        "vocab_size": len(SPECIAL) + len(WORDS), "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 64, "max_position_embeddings": 32, **changed,
    })  # fmt: skip
    torch.manual_seed(7)
    network = BertForPreTraining(config) if has_head else BertModel(config, add_pooling_layer=has_pooler)
    network.save_pretrained(folder)
    tokenizer = Tokenizer(models.WordPiece({word: n for n, word in enumerate((*SPECIAL, *WORDS))}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    ).save_pretrained(folder)  # fmt: skip
    return folder


def sentence(number: int) -> str:
    """One of many sentences, of 3 to 9 words, each with one colour."""
    colour = (*WARM, *COLD)[number % 6]
    return " ".join(["the", "bright", "pale", "a"][: 1 + number % 4] + [colour, "things"] + ["sky"] * (number % 3))


def write_lines(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def make_data(folder: Path) -> None:
    """Write the tasks: is the colour warm; are both; how many of a pair are; which it is; and running text."""
    for split, numbers in (("train", range(90)), ("validation", range(1000, 1040))):
        pairs = [(n, n * 7 + 3 * (n % 2)) for n in numbers]  # of one side for even numbers, of both for odd ones
        warm = [n % 6 < 3 for n in range(10_000)]
        write_lines(folder / f"warm/{split}.jsonl", [{"text": sentence(n), "label": int(warm[n])} for n in numbers])
        for name, label in (("same", lambda a, b: int(a == b)), ("count", lambda a, b: float(a + b))):
            rows = [{"one": sentence(a), "two": sentence(b), "label": label(warm[a], warm[b])} for a, b in pairs]
            write_lines(folder / f"{name}/{split}.jsonl", rows)
        rows = []
        for n in numbers:
            context, colour = f"{'the sky ' * (n % 5)}{sentence(n)}{' pale sky' * (n % 3)}", (*WARM, *COLD)[n % 6]
            answers = {"text": [colour], "answer_start": [context.index(colour)]}
            rows.append({"question": "a bright thing", "context": context, "answers": answers})
        write_lines(folder / f"spans/{split}.jsonl", rows)
        lines = [f"{sentence(n)}\n" for n in numbers]
        (folder / "text").mkdir(exist_ok=True)
        (folder / f"text/{split}.txt").write_text("".join(lines), encoding="utf-8")


def recipe(epochs: int = 1, **changed: object) -> Recipe:
    of = {"train": Duration(Fraction(epochs), "epochs"), "batch": 8, "rate": Fraction(1, 1000), **changed}
    return Recipe(**of)  # type: ignore[arg-type]  # whatever a test wants to change


def optimizer(**changed: object) -> Optimizer:
    return Optimizer(**changed)  # type: ignore[arg-type]  # as above


def warm(**changed: object) -> Task:
    task = Task(
        name="warm", kind="classify sentence", data=Data(origin="files", name="warm/{split}.jsonl", at=AT),
        text=("text",), label="label", metrics=("accuracy",), length=16, recipe=recipe(), at=AT,
    )  # fmt: skip
    return evolve(task, **changed)


def same(**changed: object) -> Task:
    data = Data(origin="files", name="same/{split}.jsonl", at=AT)
    return evolve(
        warm(name="same", kind="classify pair", data=data, text=("one", "two"), metrics=("accuracy", "f1")), **changed
    )


def count(**changed: object) -> Task:
    data = Data(origin="files", name="count/{split}.jsonl", at=AT)
    metrics = ("pearson", "spearman")
    return evolve(warm(name="count", kind="score pair", data=data, text=("one", "two"), metrics=metrics), **changed)


def text(**changed: object) -> Task:
    data = Data(origin="files", name="text/{split}.txt", at=AT)
    metrics = ("masked_accuracy", "masked_likelihood")
    return evolve(
        warm(name="text", kind="masked words", data=data, text=("text",), label=None, metrics=metrics), **changed
    )


def spans(**changed: object) -> Task:
    data = Data(origin="files", name="spans/{split}.jsonl", at=AT)
    of = {"text": ("question", "context"), "label": "answers", "metrics": ("span_f1", "exact_match"), "stride": 4}
    return evolve(warm(name="spans", kind="answer spans", data=data), **{**of, **changed})


def files_of(folder: Path, task: Task) -> DataPlace:
    splits = (task.train_split, task.score_split)
    return DataPlace(digest="data", files={s: folder / task.data.name.replace("{split}", s) for s in splits})


class Notes(Silent):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.noticed_texts: list[str] = []
        self.steps: list[tuple[int, int]] = []

    def noticed(self, key: JobKey, text: str) -> None:
        self.noticed_texts.append(text)

    def advanced(self, key: JobKey, step: int, steps: int) -> None:
        self.steps.append((step, steps))


@define
class World:
    """Does jobs, and keeps what they leave."""

    workshop: Workshop
    store: Store
    notes: Notes
    made: dict[JobKey, Artifact] = field(factory=dict)

    @classmethod
    def open(cls, model: Path, data: Path, store: Path, notes: Notes | None = None) -> "World":
        notes = notes or Notes()
        places = Places(
            model_folder=model, tasks={t.name: files_of(data, t) for t in (warm(), same(), count(), text(), spans())}
        )
        return cls(Workshop.open(places, notes, "cpu"), Store.open(store), notes)

    def do(self, job: AnyJob) -> Artifact:
        """The artifact of a job, done now unless it was done before."""
        key = key_of(job)
        if key not in self.made:
            staged = self.store.stage(key)
            inputs = {needed: self.made[needed] for needed in inputs_of(job)}
            outcome: Outcome = perform(job, key, inputs, self.workshop, staged)
            planned = PlannedJob(key=key, job=job, group="", labels=(), known=None)
            self.made[key] = self.store.publish(planned, staged, outcome, HERE)
        return self.made[key]


HERE = Provenance(study="s", started="", seconds=0.0, host="", environment=Environment("cpu", 1, ""), release="1")


def fine_tune(task: Task, **changed: object) -> FineTune:
    job = FineTune(
        model="m", task=task, data="data", weights=Pretrained(), mask=None, seeds=SEEDS, precision="fp32",
        keeps_weights=True,
    )  # fmt: skip
    return evolve(job, **changed)


def verified(store: Store, model: Path) -> Verified:
    """What `verify` finds in a store whose model is called `m`."""
    return verify(Store.look(store.folder), {"m": model})
