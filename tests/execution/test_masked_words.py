"""Masked language modelling: blocks of running text, the words hidden in them, and the head that finds them."""

import json
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import torch
from attrs import evolve
from safetensors.torch import load_file, save_file
from small_world import AT, SEEDS, World, files_of, fine_tune, make_model, recipe, text
from torch import nn
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    BertForMaskedLM,
    CamembertConfig,
    ElectraConfig,
    RobertaConfig,
    get_linear_schedule_with_warmup,
)

from runtime import metrics
from runtime.facts import DataPlace
from runtime.failures import JobFailed
from runtime.jobs.bench import set_up
from runtime.models.heads import build_head, pretrained_head
from runtime.models.network import Network, load_heads_
from runtime.models.packing import pack
from runtime.models.padded import side_by_side
from runtime.models.trunk import load
from runtime.tasks import BadData, check_task
from runtime.tasks.blocks import Vocabulary, blocks_in, write_blocks
from runtime.tasks.corpus import texts_of
from runtime.tasks.masked_words import hide_
from runtime.training.batches import Encoded, TrainingOrder, collate
from runtime.training.evaluation import BITS
from runtime.training.loop import train
from ticketlang.diagnostics import EmptySplit, MissingColumn, UnreadableDataFile
from ticketlang.jobs import Prune, Reached, ReachRewindPoint
from ticketlang.study import Pruning
from ticketlang.units import Duration, Sparsity

CPU = torch.device("cpu")
MASK, FIRST_WORD = 4, 5  # ids of the small world
LINES = ["the red thing", "", "a blue sky things", "   ", "the pale, bright orange"]


@pytest.fixture(scope="session")
def headed_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as BERT comes: with a pooler and its heads. Without dropout, so that others can do the same."""
    folder = tmp_path_factory.mktemp("headed")
    return make_model(folder, has_head=True, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


@pytest.fixture
def headed(headed_model: Path, data_folder: Path, tmp_path: Path) -> World:
    return World.open(headed_model, data_folder, tmp_path / "store")


def blocks_of(world: World, **changed: object) -> Encoded:
    return world.workshop.examples(text(**changed), "m", "data", 1).train


# The corpus


def in_lines(path: Path) -> None:
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")


def in_json_lines(path: Path) -> None:
    path.write_text("".join(json.dumps({"n": 1, "text": line}) + "\n" for line in LINES), encoding="utf-8")


def in_parquet(path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"text": LINES, "n": range(len(LINES))}), path)


def in_csv(path: Path) -> None:
    rows = "".join(f'"{line}",1\n' for line in LINES)
    path.write_text(f"text,n\n{rows}", encoding="utf-8")


@pytest.mark.parametrize(
    ("end", "write"), [("txt", in_lines), ("jsonl", in_json_lines), ("parquet", in_parquet), ("csv", in_csv)]
)
def test_every_form_gives_the_same_texts(tmp_path: Path, end: str, write: Callable[[Path], None]) -> None:
    write(tmp_path / f"a.{end}")
    where = DataPlace(digest="d", files=dict.fromkeys(("train", "validation"), tmp_path / f"a.{end}"))
    assert check_task(text(), where) == ()
    assert list(texts_of(text(), where, "train")) == ["the red thing", "a blue sky things", "the pale, bright orange"]


def test_a_hub_data_set_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "set").mkdir()
    in_parquet(tmp_path / "set/train.parquet")
    where = DataPlace(digest="d", hub=(str(tmp_path / "set"), None, "main"))
    task = text(score_split="train", held_out=Fraction(1, 2))

    assert list(texts_of(task, where, "train")) == ["the red thing", "a blue sky things", "the pale, bright orange"]
    with pytest.raises(BadData, match="the split `50% of train` has no examples"):
        list(texts_of(task, where, "score"))
    with pytest.raises(BadData, match="no column `words`"):
        next(texts_of(evolve(task, text=("words",)), where, "train"))


def test_mistakes_in_a_corpus(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    where = DataPlace(digest="d", files=dict.fromkeys(("train", "validation"), path))
    missing = MissingColumn(at=AT, column="text", path=str(path), columns=("words",))
    no_text = UnreadableDataFile(at=AT, path=str(path), reason="`text` of row 2 is not text, but None")
    for content, expected in (
        ('{"words": "a"}\n', missing),
        ('{"text": "a"}\n{"words": "a"}\n', no_text),
        ('{"text": " "}\n', EmptySplit(at=AT, split="train")),
        ("", EmptySplit(at=AT, split="train")),
    ):
        path.write_text(content, encoding="utf-8")
        assert check_task(text(), where) == (expected,)
    path.write_text("{", encoding="utf-8")
    (found,) = check_task(text(), where)
    assert isinstance(found, UnreadableDataFile)
    assert "line 1, column 2 is not JSON" in found.reason


def test_a_large_corpus_is_not_read_before_any_job(tmp_path: Path) -> None:
    """Its first texts are, of every part; what is wrong further on fails the job that comes to it."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "red"}\n' * 15_000 + "broken\n", encoding="utf-8")
    where = DataPlace(digest="d", files={"train": path})
    task = text(score_split="train", held_out=Fraction(1, 1000))

    assert check_task(task, where) == ()
    for part in ("train", "score"):
        with pytest.raises(BadData, match="line 15001, column 1 is not JSON"):
            list(texts_of(task, where, part))  # type: ignore[arg-type]  # the two names are parts


def test_blocks_are_the_tokens_of_the_whole_text_in_a_row(tmp_path: Path, model_folder: Path) -> None:
    """Whatever the texts are cut into on the way; what fills no block is left out."""
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    texts = [line for line in LINES if line.strip()] * 7
    whole = tokenizer(" ".join(texts), add_special_tokens=False)["input_ids"]

    write_blocks(tmp_path / "blocks", texts, tokenizer, 8)
    blocks = blocks_in(tmp_path / "blocks", 8, len(tokenizer))

    assert isinstance(blocks, np.memmap)
    assert blocks.shape == (len(whole) // 6, 8)
    assert set(blocks[:, 0]) == {2}
    assert set(blocks[:, -1]) == {3}
    assert blocks[:, 1:-1].flatten().tolist() == whole[: len(whole) // 6 * 6]
    assert sorted(tmp_path.iterdir()) == [tmp_path / "blocks", tmp_path / "blocks.seal"]


def test_a_corpus_without_a_block_is_refused(tmp_path: Path, model_folder: Path) -> None:
    """Two words, or words that the model does not have: there is nothing to hide."""
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    for texts in (["red sky"], ["xyzzy " * 40]):
        with pytest.raises(JobFailed, match="fills no block of 8 tokens"):
            write_blocks(tmp_path / "blocks", texts, tokenizer, 8)
    assert not list(tmp_path.iterdir())


def test_blocks_are_made_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all seeds and limits of a process, and in a store for all processes."""
    whole = blocks_of(world)

    def refuse(*given: object) -> None:
        raise AssertionError("they are there")

    monkeypatch.setattr("runtime.tasks.masked_words.write_blocks", refuse)
    some = blocks_of(world, limit=5)
    assert len(some) == 5 < len(whole)
    assert isinstance(some.tokens, np.memmap)
    assert all(start in whole.starts for start in some.starts)


# What is hidden


def vocabulary(words: int = 1000) -> Vocabulary:
    is_word = np.arange(words) >= FIRST_WORD
    return Vocabulary(is_word, mask=MASK, first=2, last=3)


def test_fifteen_in_a_hundred_words_are_chosen_and_most_of_them_hidden() -> None:
    """80% become the mask, 10% any word, 10% stay: within five deviations of what chance would give."""
    block = np.concatenate([[2], np.arange(5, 505), [3]])
    fates: Counter[str] = Counter()
    places: Counter[int] = Counter()
    for bits in range(400):
        seen = block.copy()
        chosen = hide_(seen, vocabulary(), bits)
        assert len(set(chosen)) == 75
        assert np.array_equal(np.delete(seen, chosen), np.delete(block, chosen))
        hidden, kept = seen[chosen] == MASK, seen[chosen] == block[chosen]
        assert seen[chosen][~hidden].min() >= FIRST_WORD
        fates.update({"hidden": int(hidden.sum()), "kept": int(kept.sum())})
        places.update(chosen.tolist())
    total = 400 * 75
    for fate, share in (("hidden", 0.8), ("kept", 0.1 + 0.1 / 995)):
        assert abs(fates[fate] - share * total) < 5 * (total * share * (1 - share)) ** 0.5
    assert min(places) == 1
    assert max(places) == 500
    assert max(places.values()) < 60 + 5 * 60**0.5


def test_what_is_no_word_is_never_chosen() -> None:
    block = np.array([2, 1, 7, 1, 4, 3, 0, 0])
    assert {int(place) for bits in range(50) for place in hide_(block.copy(), vocabulary(), bits)} == {2}


def test_what_is_hidden_is_a_function_of_seed_epoch_and_block(world: World) -> None:
    """Whichever blocks share its batch, and whether the training began here or was resumed."""
    encoded = blocks_of(world)

    def seen(block: int, step: int, seed: int = 1, others: tuple[int, ...] = ()) -> list[int]:
        order = TrainingOrder(len(encoded), 8, seed, "text")
        batch = collate(encoded, np.array([*others, block]), CPU, order.bits(step))
        inputs = side_by_side(batch.inputs, padding=0)
        return [*inputs["input_ids"][-1].tolist(), *batch.reads[batch.reads[:, 0] == len(others), 1].tolist()]

    per_epoch = -(-len(encoded) // 8)
    assert seen(3, 0) == seen(3, per_epoch - 1) == seen(3, 0, others=(1, 9))
    assert len({tuple(seen(3, epoch * per_epoch)) for epoch in range(6)}) == 6
    assert seen(3, 0) != seen(3, 0, seed=2)
    hidden = {tuple(np.flatnonzero(np.array(seen(block, 0)[:16]) == MASK)) for block in range(12)}
    assert len(hidden) > 5


def test_labels_are_the_words_that_were_there(world: World) -> None:
    encoded = blocks_of(world)
    batch = collate(encoded, np.array([2, 0]), CPU, 5)
    whole = np.asarray(encoded.tokens).reshape(-1, 16)[[2, 0]]

    example, place = batch.reads.T
    assert np.array_equal(batch.labels.numpy(), whole[example, place])
    assert Counter(example.tolist()) == {0: 2, 1: 2}
    assert batch.inputs.segments is None


def test_a_limited_evaluation_hides_what_the_whole_one_hides(world: World) -> None:
    """And every evaluation hides the same."""
    whole = world.workshop.examples(text(), "m", "data", 1).score
    some = world.workshop.examples(text(limit_evaluation=4), "m", "data", 1).score
    everything, part = (
        side_by_side(collate(blocks, np.arange(len(blocks)), CPU, BITS).inputs, padding=0)["input_ids"].tolist()
        for blocks in (whole, some)
    )
    assert len(part) == 4
    assert all(block in everything for block in part)


# The head


SMALL = {"vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 24, "max_position_embeddings": 20}  # fmt: skip


@pytest.mark.parametrize(
    "config",
    [RobertaConfig(**SMALL), CamembertConfig(**SMALL), ElectraConfig(**SMALL, embedding_size=8), None],
    ids=["roberta", "camembert", "electra", "bert"],
)
def test_pretrained_heads_answer_as_in_transformers(tmp_path: Path, config: object) -> None:
    if config is None:
        make_model(tmp_path, has_head=True)
        state = load_file(tmp_path / "model.safetensors")
        state["cls.predictions.bias"] = torch.arange(len(state["cls.predictions.bias"])) / 7
        save_file(state, tmp_path / "model.safetensors", metadata={"format": "pt"})
    else:
        AutoModelForMaskedLM.from_config(config).save_pretrained(tmp_path)
    peer = AutoModelForMaskedLM.from_pretrained(tmp_path, attn_implementation="eager").eval()
    tokens = torch.randint(5, 18, (3, 12), generator=torch.Generator().manual_seed(1))

    model = load(tmp_path)
    head = build_head(model, model.pattern, None, answers_for_whole_inputs=False)
    network = Network(model.pattern, head).eval()
    load_heads_(network, pretrained_head(model, head))
    everything = torch.cartesian_prod(torch.arange(3), torch.arange(12)).numpy()
    batch = pack(tokens.flatten().numpy(), None, np.full(3, 12), everything, CPU)

    assert model.description.has_masked_words_head
    torch.testing.assert_close(network(batch), peer(tokens).logits.flatten(0, 1), atol=1e-5, rtol=0)


def test_a_head_that_is_not_there_is_never_drawn(world: World, headed_model: Path, tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match=r"lack `cls.predictions.* of a head for masked words; say `head fresh`"):
        world.do(fine_tune(text(head="pretrained")))
    state = load_file(headed_model / "model.safetensors")
    state["cls.predictions.decoder.weight"] = state["bert.embeddings.word_embeddings.weight"] + 1
    make_model(tmp_path, has_head=True)
    save_file(state, tmp_path / "model.safetensors")
    model = load(tmp_path)
    head = build_head(model, model.pattern, None, answers_for_whole_inputs=False)
    with pytest.raises(JobFailed, match="is not the word embeddings"):
        pretrained_head(model, head)


def test_a_training_is_that_of_a_plain_loop(headed: World, headed_model: Path) -> None:
    """With transformers' own model and loss, through two epochs: the tied words learn from both sides."""
    task = text(head="pretrained", recipe=recipe(epochs=2))
    bench = set_up(fine_tune(task), headed.workshop.model("m").read_again(), None, None, None, headed.workshop)
    plain = BertForMaskedLM.from_pretrained(headed_model, attn_implementation="eager")
    examples, steps = bench.data.train, bench.training.schedule.steps

    ours = train(bench.network, None, bench.dropouts, examples, bench.training, lambda step, steps: None)

    optimizer = torch.optim.AdamW(plain.parameters(), lr=1e-3, weight_decay=0.0)
    rates = get_linear_schedule_with_warmup(optimizer, 0, steps)
    losses = []
    for step, chosen in enumerate(bench.training.order.from_step(0, steps)):
        batch = collate(examples, chosen, CPU, bench.training.order.bits(step))
        inputs = side_by_side(batch.inputs, padding=0)
        labels = torch.full_like(inputs["input_ids"], -100)
        labels[batch.reads[:, 0], batch.reads[:, 1]] = batch.labels
        value = plain(**inputs, labels=labels).loss
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        losses.append(value.item())
        optimizer.step()
        rates.step()
    np.testing.assert_allclose([mean for _, mean in ours.curve], losses, atol=5e-6)
    words = bench.network.trunk.get_input_embeddings().weight
    torch.testing.assert_close(words, plain.bert.embeddings.word_embeddings.weight, atol=5e-6, rtol=0)


# Whole jobs


def test_words_are_found(headed: World) -> None:
    """Sentences of this world are easy to complete; and what is scored is what transformers would score."""
    task = text(recipe=recipe(epochs=40, batch=4, rate=Fraction(3, 1000)), head="pretrained")
    before = headed.do(fine_tune(evolve(task, recipe=recipe(epochs=1, rate=Fraction(1, 10**9)))))
    after = headed.do(fine_tune(task))

    assert after.result["scores"]["masked_accuracy"] > before.result["scores"]["masked_accuracy"] + 0.2
    assert after.result["scores"]["masked_likelihood"] > before.result["scores"]["masked_likelihood"]
    assert before.result["scores"]["masked_likelihood"] == pytest.approx(1 / 18, rel=0.2)  # of a network that guesses
    assert after.result["majority"] is None
    assert after.certificate.facts["head"] == "pretrained"


def test_scores_of_masked_words() -> None:
    labels, predictions = np.array([5.0, 6.0, 7.0]), np.array([[5.0, np.log(0.5)], [5.0, np.log(0.25)], [7.0, 0.0]])
    assert metrics.masked_accuracy(labels, predictions) == 2 / 3
    assert metrics.masked_likelihood(labels, predictions) == pytest.approx(0.5)


def test_a_resumed_training_hides_what_the_whole_would_have_hidden(world: World) -> None:
    task, until = text(recipe=recipe(epochs=2)), Duration(Fraction(3), "steps")
    point = ReachRewindPoint(model="m", task=task, data="data", until=until, seeds=SEEDS, precision="fp32")
    reached, whole = world.do(point), world.do(fine_tune(task))
    assert reached.result["learning_curve"] == whole.result["learning_curve"][:3]

    resumed = fine_tune(task, weights=Reached(job=reached.key), head=reached.key, begins=until)
    again = world.do(evolve(resumed, keeps_weights=False))
    assert again.certificate.facts["head"] == "rewound"
    assert again.result["learning_curve"][0] == pytest.approx(whole.result["learning_curve"][3], rel=1e-4)


def test_a_pooler_that_no_head_reads_gets_no_gradient(headed: World) -> None:
    """It is pruned by its pre-trained weights; certificates of trainings and of masks say that none trained it."""
    pruning = Pruning(method="magnitude", allocation="global", scope=("encoder", "pooler"))
    prune = Prune(model="m", pruning=pruning, sparsity=Sparsity.percent(50), weights=None, start=None)
    mask = headed.do(prune)
    ticket = headed.do(fine_tune(text(head="pretrained"), mask=mask.key))

    assert ticket.certificate.holds
    assert ticket.certificate.facts["matrices without gradient"] == ["pooler.dense.weight"]
    further = headed.do(evolve(prune, sparsity=Sparsity.percent(60), weights=ticket.key, start=mask.key))
    assert further.certificate.facts["matrices without gradient"] == ["pooler.dense.weight"]
    assert "matrices without gradient" not in mask.certificate.facts  # nothing was trained before it
    left, before = load_file(ticket.path("weights.safetensors")), headed.workshop.model("m").read_again()
    kept = left["pooler.dense.weight"] != 0
    assert torch.equal(left["pooler.dense.weight"][kept], before["pooler.dense.weight"][kept])
    assert not torch.equal(left["embeddings.word_embeddings.weight"], before["embeddings.word_embeddings.weight"])
    assert "embeddings.word_embeddings.weight" not in mask.result["matrices"]
    assert set(load_file(ticket.path("head.safetensors"))) == {
        "dense.weight", "dense.bias", "norm.weight", "norm.bias", "bias",
    }  # fmt: skip


def test_the_files_of_the_world(data_folder: Path) -> None:
    """Guards the tests above: training and evaluation have different texts, of several blocks each."""
    place = files_of(data_folder, text())
    train, score = (set(texts_of(text(), place, part)) for part in ("train", "score"))
    assert len(train) > 10
    assert len(score) > 10
