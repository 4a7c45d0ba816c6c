"""Answers as spans of a text: windows, the loss on them, the best span of all, and the scores of SQuAD v1.1."""

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import torch
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from small_world import AT, World, fine_tune, make_model, recipe, spans, write_lines
from transformers import AutoTokenizer, BertForQuestionAnswering, PreTrainedTokenizerBase

from runtime.facts import DataPlace
from runtime.jobs.bench import set_up
from runtime.metrics import exact_match, span_f1
from runtime.models.padded import side_by_side
from runtime.tasks import check_task, load_examples
from runtime.tasks.answer_spans import LONGEST, best_span, loss, scored
from runtime.tasks.examples import Split
from runtime.tasks.windows import Spans, encode_windows
from runtime.training.batches import Encoded, collate
from runtime.training.loop import train
from ticketlang.diagnostics import BadLabel
from ticketlang.jobs import Prune
from ticketlang.study import Pruning
from ticketlang.units import Sparsity

CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def tokenizer(model_folder: Path) -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(model_folder)  # type: ignore[no-any-return]


# Scores


def slow_words(text: str) -> list[str]:
    """The normalization of SQuAD v1.1, sign by sign."""
    letters = [letter for letter in text.lower() if letter not in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]
    parts = re.split(r"(\W)", "".join(letters))  # an article counts between any signs, and leaves a space
    return "".join(" " if part in {"a", "an", "the"} else part for part in parts).split()


def slow_f1(answer: str, text: str) -> float:
    """Precision and recall of words, one struck out after another."""
    right, found = slow_words(answer), slow_words(text)
    left, common = list(right), 0
    for word in found:
        if word in left:
            left.remove(word)
            common += 1
    if common == 0:
        return 0.0
    precision, recall = common / len(found), common / len(right)
    return 2 * precision * recall / (precision + recall)


EDGES = ["", "the", "a cat", "A  Cat!", "the-cat", "an, cat.", "it's", "—", "cat\tthe\ncat", "U.S.", "10 %"]
PARTS = ["the", "a", "an", "cat", "Cat,", "sat", "on", "-", "the.", "É", "«a»"]
TEXTS = st.one_of(
    st.sampled_from(EDGES), st.lists(st.sampled_from(PARTS), max_size=6).map(" ".join), st.text(max_size=12)
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.lists(TEXTS, min_size=1, max_size=3).map(tuple), TEXTS), min_size=1, max_size=4))
def test_scores_are_those_of_squad(pairs: list[tuple[tuple[str, ...], str]]) -> None:
    """Against another implementation: the best of the answers, word for word, and by the words in common."""
    labels, predictions = as_objects([answers for answers, _ in pairs]), as_objects([text for _, text in pairs])
    matches = [max(slow_words(answer) == slow_words(text) for answer in answers) for answers, text in pairs]
    shares = [max(slow_f1(answer, text) for answer in answers) for answers, text in pairs]

    assert exact_match(labels, predictions) == pytest.approx(sum(matches) / len(pairs))
    assert span_f1(labels, predictions) == pytest.approx(sum(shares) / len(pairs))


@pytest.mark.parametrize(
    ("answers", "text", "is_exact", "f1"),
    [
        (("the Denver Broncos",), "Denver Broncos!", 1.0, 1.0),
        (("Denver Broncos", "Broncos"), "the Broncos", 1.0, 1.0),
        (("Denver Broncos",), "Broncos", 0.0, 2 / 3),
        (("gold gold",), "gold", 0.0, 2 / 3),
        (("1,000",), "1000", 1.0, 1.0),
        (("a",), "the", 1.0, 0.0),  # nothing is left of either
        (("theatre",), "atre", 0.0, 0.0),
    ],
)
def test_what_counts_as_the_same(answers: tuple[str, ...], text: str, is_exact: float, f1: float) -> None:
    labels, predictions = as_objects([answers]), as_objects([text])
    assert exact_match(labels, predictions) == is_exact
    assert span_f1(labels, predictions) == pytest.approx(f1)


def as_objects(values: Sequence[object]) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    found = np.empty(len(values), dtype=object)
    for number, value in enumerate(values):
        found[number] = value
    return found


# Windows

WORDS = ["red", "blue", "the", "sky", "thing", "things", "pale"]


def split_of(contexts: Sequence[str], answers: Sequence[tuple[str, int]], question: str = "a thing") -> Split:
    labels = as_objects([(answer,) for answer in answers])
    return Split(([question] * len(contexts), list(contexts)), labels)


def windows_of(encoded: Encoded) -> list[list[int]]:
    tokens = [int(token) for token in encoded.tokens]
    return [tokens[start : start + length] for start, length in zip(encoded.starts, encoded.lengths, strict=True)]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=40),
    st.integers(0, 39),
    st.integers(1, 4),
    st.integers(1, 12),
    st.integers(9, 24),
)
def test_windows_cover_the_context_and_know_the_answer(
    tokenizer: PreTrainedTokenizerBase, words: list[str], at: int, many: int, stride: int, length: int
) -> None:
    """They begin `stride` tokens apart, and the answer is in those that hold all of it, and in no other."""
    at = at % len(words)
    context, answer = " ".join(words), " ".join(words[at : at + many])
    begin = len(" ".join([*words[:at], ""])) if at else 0
    encoded = encode_windows(split_of([context], [(answer, begin)]), tokenizer, length, stride)
    whole = tokenizer(context, add_special_tokens=False)["input_ids"]
    inside = tokenizer(context[:begin], add_special_tokens=False)["input_ids"]
    answer_tokens = tokenizer(answer, add_special_tokens=False)["input_ids"]
    spans_of = encoded.question
    assert isinstance(spans_of, Spans)

    room = length - 3 - 2
    step = min(stride, room)
    windows = [whole[start : start + room] for start in range(0, max(len(whole) - room + step, 1), step)]
    assert windows_of(encoded) == [[2, 11, 15, 3, *window, 3] for window in windows]
    for number, ends in enumerate(spans_of.ends.tolist()):
        first = len(inside) - number * step
        is_inside = first >= 0 and first + len(answer_tokens) <= len(windows[number])
        assert ends == ([4 + first, 4 + first + len(answer_tokens) - 1] if is_inside else [0, 0])


def test_long_questions_leave_room_for_the_context(tokenizer: PreTrainedTokenizerBase) -> None:
    encoded = encode_windows(split_of(["red sky"], [("red", 0)], question=" pale" * 90), tokenizer, 16, 128)
    assert windows_of(encoded) == [[2, *[14] * 6, 3, 5, 16, 3]]


def test_windows_stand_in_the_order_of_the_examples(tokenizer: PreTrainedTokenizerBase) -> None:
    """Whatever the lengths of the questions."""
    contexts = ["red sky " * 9, "blue", "pale " * 15]
    split = Split(
        (["a thing", "sky", "the sky"], contexts), as_objects([(("red", 0),), (("blue", 0),), (("pale", 0),)])
    )
    encoded = encode_windows(split, tokenizer, 12, 4)
    assert isinstance(encoded.question, Spans)
    owners = encoded.question.owners.tolist()
    assert owners == sorted(owners)
    assert set(owners) == {0, 1, 2}
    assert encoded.segments is not None
    assert encoded.segments[:5].tolist() == [0, 0, 0, 0, 1]


# Loss and prediction


def test_the_loss_is_that_of_transformers(tmp_path: Path) -> None:
    """Window by window, since there padding would take part in the softmax."""
    folder = make_model(tmp_path, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    peer = BertForQuestionAnswering.from_pretrained(folder, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    split = split_of(
        ["red sky", "the sky the sky blue things pale pale", "a red"], [("red", 0), ("blue", 16), ("red", 2)]
    )
    encoded = encode_windows(split, tokenizer, 16, 128)
    batch = collate(encoded, np.arange(3), CPU, bits=0)
    outputs, losses = [], []
    for number in range(3):
        alone = collate(encoded, np.array([number]), CPU, bits=0)
        _, first, last = alone.labels[0]
        found = peer(**side_by_side(alone.inputs, padding=0), start_positions=first[None], end_positions=last[None])
        outputs.append(torch.stack([found.start_logits[0], found.end_logits[0]], dim=1))
        losses.append(found.loss)

    assert batch.reads.tolist() == [[n, t] for n in range(3) for t in range(encoded.lengths[n])]
    torch.testing.assert_close(loss(torch.cat(outputs), batch.labels), torch.stack(losses).mean())


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(0, 4))
def test_the_best_span_is_the_best_of_all(seed: int, tokens: int, decimals: int) -> None:
    """Of all pairs of candidates, in the context, in order, and not too long."""
    draw = np.random.default_rng(seed)
    answers = draw.normal(size=(tokens, 2)).round(decimals).astype(np.float32)
    is_context = draw.random(tokens) < 0.8
    firsts, lasts = (
        sorted((t for t in range(tokens) if is_context[t]), key=lambda t: (-answers[t, end], t))[:20] for end in (0, 1)
    )
    pairs = [(f, t) for f in firsts for t in lasts if f <= t < f + LONGEST]
    expected = max((answers[f, 0] + answers[t, 1] for f, t in pairs), default=None)

    found = best_span(answers, is_context)

    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert found[0] == expected
        assert found[1:] in pairs
        assert answers[found[1], 0] + answers[found[2], 1] == expected


def test_the_best_window_answers(tokenizer: PreTrainedTokenizerBase) -> None:
    """The text is that of the context, not of its tokens; without any span it is empty."""
    contexts = ["The  RED sky, the blue; things pale", ""]
    split = Split((["a thing"] * 2, contexts), as_objects([(("RED", 5), ("blue", 18)), (("x", 0),)]))
    encoded = encode_windows(split, tokenizer, 10, 3)
    assert len(encoded) > 3
    found = torch.zeros(len(encoded.tokens), 2)
    for word, sureness in ((5, 3.0), (8, 9.0), (0, 99.0)):  # red, blue, and padding, which is not there
        found[torch.from_numpy(encoded.tokens) == word] = sureness

    answers, texts = scored(found, encoded)

    assert texts.tolist() == ["blue", ""]
    assert answers.tolist() == [("RED", "blue"), ("x",)]


def of_the_scripts(
    windows: Sequence[np.ndarray], answers: Sequence[np.ndarray], *, among_all: bool, by_context: bool
) -> tuple[float, str]:
    """The sum and the characters of the best span of one question, written from what the scripts of BERT do.

    Args:
        windows: of each, where tokens begin and end in the text (T, 2); -1: not of it.
        among_all: the 20 likeliest are those of the whole window, and count only if they are of the text.
        by_context: a first token counts in that window alone where it has most of the text around it.
    """
    around: dict[int, list[tuple[float, int]]] = {}
    for number, places in enumerate(windows):
        inside = np.flatnonzero(places[:, 0] >= 0)
        for token in inside:
            left, right = token - inside[0], inside[-1] - token
            room = min(left, right) + 0.01 * len(inside)
            around.setdefault(int(places[token, 0]), []).append((room, -number))
    best, text = -np.inf, "nothing"
    for number, (places, sums) in enumerate(zip(windows, answers, strict=True)):
        is_text = places[:, 0] >= 0
        tokens = range(len(places)) if among_all else np.flatnonzero(is_text)
        firsts, lasts = (sorted(tokens, key=lambda t: (-sums[t, end], t))[:20] for end in (0, 1))
        for first in firsts:
            for last in lasts:
                if not (is_text[first] and is_text[last] and first <= last < first + 30):
                    continue
                if by_context and max(around[int(places[first, 0])])[1] != -number:
                    continue
                if (found := sums[first, 0] + sums[last, 1]) > best:
                    best, text = found, f"{places[first, 0]} to {places[last, 1]}"
    return float(best), text


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), words=st.integers(1, 70), length=st.integers(10, 32), stride=st.integers(1, 20))
def test_the_answer_over_all_windows_is_that_of_the_scripts(
    tokenizer: PreTrainedTokenizerBase, seed: int, words: int, length: int, stride: int
) -> None:
    """Of random outputs. Two rules of theirs are left out, as the module says: with either, no span is surer."""
    draw = np.random.default_rng(seed)
    context = " ".join(draw.choice(WORDS, words))
    encoded = encode_windows(split_of([context], [(context[:1], 0)]), tokenizer, length, stride)
    assert isinstance(encoded.question, Spans)
    outputs = draw.normal(size=(len(encoded.tokens), 2)).astype(np.float32)
    answers = np.split(outputs, np.cumsum(encoded.lengths)[:-1])
    windows = encoded.question.characters

    (found,) = scored(torch.from_numpy(outputs), encoded)[1]

    sureness, span = of_the_scripts(windows, answers, among_all=False, by_context=False)
    begin, end = map(int, span.split(" to "))
    assert found == context[begin:end]
    for among_all, by_context in ((True, False), (False, True), (True, True)):
        theirs, other = of_the_scripts(windows, answers, among_all=among_all, by_context=by_context)
        assert theirs <= sureness
        if len(windows) == 1 and length <= 20:  # one window, no longer than the candidates are many
            assert other == span


# Data


ROWS = [{"question": "a?", "context": "red sky", "answers": {"text": ["sky", "red"], "answer_start": [4, 0]}}]


@pytest.mark.parametrize("form", ["jsonl", "parquet", "hub", "list"])
def test_answers_are_read_as_the_hub_has_them(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    rows = ROWS if form != "list" else [
        {**ROWS[0], "answers": [{"text": "sky", "answer_start": 4}, {"text": "red", "answer_start": 0}]}
    ]  # fmt: skip
    end = "parquet" if form in {"parquet", "hub"} else "jsonl"
    (tmp_path / "set").mkdir()
    files = {split: tmp_path / "set" / f"{split}.{end}" for split in ("train", "validation")}
    for path in files.values():
        if end == "jsonl":
            write_lines(path, rows)
        else:
            pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
    where = DataPlace(digest="d", files=files)
    if form == "hub":
        where = DataPlace(digest="d", hub=(str(tmp_path / "set"), None, "main"))

    found = load_examples(spans(), where)
    assert found.train.labels.tolist() == [(("sky", 4), ("red", 0))]
    assert found.classes is None


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ({"text": [], "answer_start": []}, "{'text': [], 'answer_start': []}"),
        ({"text": ["sky"], "answer_start": [3]}, "{'text': ['sky'], 'answer_start': [3]}"),
        ({"text": ["sky"], "answer_start": ["4"]}, "{'text': ['sky'], 'answer_start': ['4']}"),
        ({"text": ["sky"], "answer_start": [4, 5]}, "{'text': ['sky'], 'answer_start': [4, 5]}"),
        ({"text": [""], "answer_start": [0]}, "{'text': [''], 'answer_start': [0]}"),
        ([{"text": "sky"}], "[{'text': 'sky'}]"),
        ("sky", "sky"),
        (None, "nothing"),
    ],
)
def test_answers_that_cannot_be_used(tmp_path: Path, answers: object, shown: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(ROWS[0]) + "\n" + json.dumps({**ROWS[0], "answers": answers}) + "\n", encoding="utf-8")
    where = DataPlace(digest="d", files=dict.fromkeys(("train", "validation"), path))
    assert check_task(spans(), where) == (BadLabel(at=AT, value=shown, row=2, split="train"),)


# Whole jobs


def test_a_training_learns_to_find_the_answer(world: World) -> None:
    """The one colour of each text: half of them are longer than a window."""
    task = spans(length=14, recipe=recipe(epochs=12, rate=Fraction(3, 1000)))
    result = world.do(fine_tune(task)).result

    assert result["scores"]["exact_match"] > 0.9
    assert result["scores"]["span_f1"] >= result["scores"]["exact_match"]
    assert result["examples"] > 120
    assert result["majority"] is None
    limited = world.do(fine_tune(evolve(task, limit=10, limit_evaluation=10, recipe=recipe())))
    assert 10 <= limited.result["examples"] < 40


def test_the_first_step_is_that_of_transformers(tmp_path: Path, data_folder: Path) -> None:
    folder = make_model(tmp_path / "model", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    world = World.open(folder, data_folder, tmp_path / "store")
    task = spans(recipe=recipe())
    bench = set_up(fine_tune(task), world.workshop.model("m").read_again(), None, None, None, world.workshop)
    peer = BertForQuestionAnswering.from_pretrained(folder, attn_implementation="eager")
    peer.qa_outputs.load_state_dict(bench.network.head.linear.state_dict())  # type: ignore[union-attr, operator]
    (chosen,) = bench.training.order.from_step(0, 1)
    losses = []
    for number in chosen:
        alone = collate(bench.data.train, np.array([number]), CPU, bits=0)
        _, first, last = alone.labels[0]
        losses.append(
            peer(
                **side_by_side(alone.inputs, padding=0), start_positions=first[None], end_positions=last[None]
            ).loss.item()
        )

    ours = train(bench.network, None, bench.dropouts, bench.data.train, bench.training, lambda step, steps: None)

    assert ours.curve[0][1] == pytest.approx(np.mean(losses), rel=1e-5)
    assert all(dropout.share == 0.0 for dropout in bench.dropouts)


def test_a_pooler_that_no_head_reads_gets_no_gradient(world: World) -> None:
    pruning = Pruning(method="magnitude", allocation="global", scope=("encoder", "pooler"))
    prune = Prune(model="m", pruning=pruning, sparsity=Sparsity.percent(50), weights=None, start=None)
    mask = world.do(prune)
    ticket = world.do(fine_tune(spans(), mask=mask.key))

    assert ticket.certificate.holds
    assert ticket.certificate.facts["matrices without gradient"] == ["pooler.dense.weight"]
    left = load_file(ticket.path("weights.safetensors"))["pooler.dense.weight"]
    assert int((left == 0).sum()) == mask.result["matrices"]["pooler.dense.weight"][0]
