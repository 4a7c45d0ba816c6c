"""Examples from files of every form; and each mistake in them said once, where the spec speaks of it."""

import csv
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import AT, World, count, fine_tune, same, spans, text, warm

from runtime.facts import DataPlace
from runtime.failures import JobFailed
from runtime.tasks import BadData, check_task, load_examples
from runtime.tasks.examples import is_held_out, limited
from ticketlang.diagnostics import (
    BadLabel,
    Diagnostic,
    EmptySplit,
    HubUnreachable,
    LabelOutOfRange,
    MissingColumn,
    MissingSplit,
    NamedF1,
    TooManyClasses,
    UnreadableDataFile,
)
from ticketlang.source import Source
from ticketlang.study import Task

Rows = list[dict[str, Any]]

ROWS: Rows = [
    {"text": 'a "quoted" thing', "label": 0},
    {"text": "12", "label": 1},
    {"text": "NA", "label": 1},
    {"text": "naïve, é 中", "label": 0},
]


def json_lines(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def json_list(path: Path, rows: Rows) -> None:
    path.write_text(json.dumps(rows), encoding="utf-8")


def csv_file(path: Path, rows: Rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def tsv_file(path: Path, rows: Rows) -> None:
    lines = ["\t".join(rows[0]), *("\t".join(map(str, row.values())) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def parquet_file(path: Path, rows: Rows) -> None:
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)


FORMS: dict[str, Callable[[Path, Rows], None]] = {
    "jsonl": json_lines, "json": json_list, "csv": csv_file, "tsv": tsv_file, "parquet": parquet_file,
}  # fmt: skip


def place(folder: Path, train: Rows, validation: Rows | None = None, form: str = "jsonl") -> DataPlace:
    files = {split: folder / f"{split}.{form}" for split in ("train", "validation")}
    FORMS[form](files["train"], train)
    FORMS[form](files["validation"], train if validation is None else validation)
    return DataPlace(digest="d", files=files)


def complaint(task: Task, where: DataPlace) -> Diagnostic:
    """The one complaint there is; raised by loading, too."""
    (found,) = check_task(task, where)
    with pytest.raises(BadData) as raised:
        load_examples(task, where)
    assert raised.value.diagnostic == found
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_examples(tmp_path: Path, form: str) -> None:
    """Texts stay texts, whatever numbers, quotes, commas or missing values they look like."""
    examples = load_examples(warm(), place(tmp_path, ROWS, form=form))

    assert examples.train.texts == ([row["text"] for row in ROWS],)
    assert examples.train.labels.tolist() == [0, 1, 1, 0]
    assert examples.classes == 2


def test_pairs_and_scores(tmp_path: Path) -> None:
    rows = [{"one": "a", "two": "b", "label": 2.5}, {"one": "c", "two": "d", "label": 5}]
    examples = load_examples(count(), place(tmp_path, rows))

    assert examples.train.texts == (["a", "c"], ["b", "d"])
    assert examples.train.labels.tolist() == [2.5, 5.0]
    assert examples.classes is None


def test_classes_may_have_names(tmp_path: Path) -> None:
    """Numbered by the alphabet, from the training split, in both splits alike."""
    train = [{"text": "x", "label": label} for label in ("neutral", "entailed", "refuted")]
    examples = load_examples(warm(), place(tmp_path, train, [{"text": "x", "label": "refuted"}]))

    assert examples.train.labels.tolist() == [1, 0, 2]
    assert examples.score.labels.tolist() == [2]
    assert examples.classes == 3


def test_f1_of_two_named_classes_is_refused(tmp_path: Path) -> None:
    """The alphabet would choose which of them is class 1. Of three there is a mean, in which all are equal."""
    rows = [{"text": "x", "label": label} for label in ("yes", "no")]
    where = place(tmp_path, rows)
    assert complaint(warm(metrics=("accuracy", "f1")), where) == NamedF1(at=AT, column="label")
    assert check_task(warm(metrics=("accuracy", "matthews")), where) == ()

    where = place(tmp_path, [*rows, {"text": "x", "label": "maybe"}] * 2)
    assert check_task(warm(metrics=("f1",)), where) == ()


@pytest.mark.parametrize("name", ["{}", "id{}"])
def test_a_column_of_row_numbers_is_no_label(tmp_path: Path, name: str) -> None:
    """Each row would be a class of its own, and the head would grow with the data. Whoever means it says so."""
    numbers = [name.format(row) for row in range(1001)]
    where = place(tmp_path, [{"text": "x", "label": number} for number in numbers])
    assert complaint(warm(), where) == TooManyClasses(at=AT, column="label", classes=1001, limit=1000)
    assert check_task(warm(classes=1001), where) == ()


def test_classes_are_as_many_as_the_task_says(tmp_path: Path) -> None:
    assert load_examples(warm(classes=5), place(tmp_path, ROWS)).classes == 5


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"text": "x", "gold": 0}], MissingColumn(at=AT, column="label", path="", columns=("text", "gold"))),
        ([{"sentence": "x", "label": 0}], MissingColumn(at=AT, column="text", path="", columns=("sentence", "label"))),
        ([], EmptySplit(at=AT, split="train")),
        ([{"text": "x", "label": 0}, {"text": "x", "label": 3}],
         LabelOutOfRange(at=AT, value="3", row=2, split="train", classes=2)),
        ([{"text": "x", "label": -1}], LabelOutOfRange(at=AT, value="-1", row=1, split="train", classes=2)),
        ([{"text": "x", "label": 0}, {"text": "x", "label": None}],
         BadLabel(at=AT, value="nothing", row=2, split="train")),
        ([{"text": "x", "label": 0.5}], BadLabel(at=AT, value="0.5", row=1, split="train")),
        ([{"text": "x", "label": [1]}], BadLabel(at=AT, value="[1]", row=1, split="train")),
        ([{"text": None, "label": 1}],
         UnreadableDataFile(at=AT, path="", reason="`text` of row 1 is not text, but None")),
        ([{"text": 5, "label": 1}], UnreadableDataFile(at=AT, path="", reason="`text` of row 1 is not text, but 5")),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Diagnostic) else "",
)  # fmt: skip
def test_mistakes_in_the_rows(tmp_path: Path, rows: Rows, expected: Diagnostic) -> None:
    found = complaint(warm(classes=2), place(tmp_path, rows))

    if hasattr(found, "path"):
        assert found.path == str(tmp_path / "train.jsonl")
        found = evolve(found, path="")
    assert found == expected


def test_a_label_that_training_never_saw(tmp_path: Path) -> None:
    """In the split that is scored; without `classes` the training split says how many there are."""
    where = place(tmp_path, ROWS, [{"text": "x", "label": 2}])
    assert complaint(warm(), where) == LabelOutOfRange(at=AT, value="2", row=1, split="validation", classes=2)

    named = [{"text": "x", "label": "yes"}, {"text": "x", "label": "no"}]
    where = place(tmp_path, named, [{"text": "x", "label": "maybe"}])
    assert complaint(warm(), where) == BadLabel(at=AT, value="maybe", row=1, split="validation")


@pytest.mark.parametrize("form", ["jsonl", "csv", "tsv"])
@pytest.mark.parametrize(("labels", "row", "shown"), [
    (["0", "1", "", "1"], 3, "nothing"),  # would be a class by itself, the first of all
    (["yes", "", "no", "yes"], 2, "nothing"),
    (["0", "1", "NA", "1"], 3, "NA"),
    (["yes", "no", "1", "yes"], 3, "1"),
    ([" ", " "], 1, " "),
])  # fmt: skip
def test_labels_are_of_one_sort(tmp_path: Path, form: str, labels: list[str], row: int, shown: str) -> None:
    """In files whose every value is text, a label that is missing looks like one more class."""
    where = place(tmp_path, [{"text": "x", "label": label} for label in labels], form=form)
    assert complaint(warm(), where) == BadLabel(at=AT, value=shown, row=row, split="train")


def test_a_score_that_is_no_number(tmp_path: Path) -> None:
    rows = [{"one": "a", "two": "b", "label": 1.0}, {"one": "a", "two": "b", "label": "high"}]
    assert complaint(count(), place(tmp_path, rows)) == BadLabel(at=AT, value="high", row=2, split="train")


@pytest.mark.parametrize("shown", ["1_0", "1e_1", "٣", "1,5", "nan", "inf", "1e39"])
def test_scores_are_numbers_in_every_program(tmp_path: Path, shown: str) -> None:
    """Python alone reads `1_0` as ten."""
    rows = [{"one": "x", "two": "y", "label": "2.5"}, {"one": "x", "two": "y", "label": shown}]
    assert complaint(count(), place(tmp_path, rows)) == BadLabel(at=AT, value=shown, row=2, split="train")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("train.jsonl", b'{"text": "x", "label": 0}\n{"text": \n', "line 2, column 9 is not JSON: expecting value"),
        ("train.jsonl", b"[1]\n", "row 1 is not a JSON object"),
        ("train.jsonl", b"\xff\xfe\x00", "utf-8"),
        ("train.json", b'{"text": "x"}', "not a JSON list"),
        ("train.parquet", b"no parquet", "Parquet magic bytes"),
        ("train.csv", b"text,label\na,b,c\n", "Expected 2 columns, got 3"),
        ("train.xlsx", b"", "files ending in `.xlsx` are not read"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    found = complaint(warm(), DataPlace(digest="d", files=dict.fromkeys(("train", "validation"), tmp_path / name)))

    assert isinstance(found, UnreadableDataFile)
    assert reason in found.reason
    assert "\n" not in found.reason


def test_the_place_is_the_field_of_the_spec(tmp_path: Path) -> None:
    field = Source("a.ticket", "label gold").span(0, 10)
    found = complaint(warm(label="gold", places={"label": field}), place(tmp_path, ROWS))
    assert found.at == field


def test_limits_nest_and_keep_the_order_of_the_file(tmp_path: Path) -> None:
    rows = [{"text": str(n), "label": n % 2} for n in range(100)]
    examples = load_examples(warm(), place(tmp_path, rows))

    def texts(limit: int | None, seed: int = 1) -> list[str]:
        return list(limited(warm(limit=limit), examples, seed).train.texts[0])

    assert set(texts(10)) < set(texts(40)) < set(texts(100)) == set(texts(None))
    assert texts(40) == sorted(texts(40), key=int)
    assert texts(100) == texts(None) == texts(1000)
    assert texts(40) != texts(40, seed=2)
    assert len(limited(warm(limit=10), examples, 1).score) == 100
    assert len(limited(warm(limit_evaluation=7), examples, 1).score) == 7


def test_a_part_of_the_training_split_may_be_scored_on(tmp_path: Path) -> None:
    """Every tenth example of 10%, spread evenly, and never trained on; another split is not asked for."""
    rows = [{"text": str(n), "label": n % 2} for n in range(100)]
    where = place(tmp_path, rows)
    where = evolve(where, files={"train": tmp_path / "train.jsonl"})
    task = warm(score_split="train", held_out=Fraction(1, 10))
    examples = load_examples(task, where)

    assert examples.score.texts == ([str(n) for n in range(9, 100, 10)],)
    assert examples.train.texts == ([str(n) for n in range(100) if n % 10 != 9],)
    assert task.splits == ("train",)
    assert task.scored_on == "10% of train"
    tiny = evolve(task, held_out=Fraction(1, 200))
    assert complaint(tiny, where) == EmptySplit(at=AT, split="0.5% of train")


@settings(deadline=None)
@given(st.integers(1, 500), st.fractions(Fraction(1, 1000), Fraction(1, 2)))
def test_held_out_rows_are_as_many_as_was_said(rows: int, share: Fraction) -> None:
    """Of the first n rows, for any n: the floor of their share. So no stretch of the file has more than another."""
    chosen = [is_held_out(row, share) for row in range(rows)]
    assert [sum(chosen[:n]) for n in range(rows + 1)] == [int(n * share) for n in range(rows + 1)]


def test_a_hub_data_set_is_read_through_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library takes a folder for a hub name, which spares the test a network."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "set"
    folder.mkdir()
    place(folder, ROWS, ROWS[:2])
    where = DataPlace(digest="d", hub=(str(folder), None, "main"))

    examples = load_examples(warm(), where)
    assert examples.train.texts == ([row["text"] for row in ROWS],)
    assert examples.score.labels.tolist() == [0, 1]

    wrong = complaint(warm(score_split="dev"), where)
    assert wrong == MissingSplit(at=AT, split="dev", splits=("train", "validation"))
    missing = complaint(warm(label="gold"), where)
    assert isinstance(missing, MissingColumn)
    assert missing.columns == ("text", "label")


def test_a_hub_that_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    found = complaint(warm(), DataPlace(digest="d", hub=("nobody/nothing", None, "main")))
    assert isinstance(found, HubUnreachable)
    assert found.name == "nobody/nothing"
    assert "\n" not in found.reason


def test_inputs_longer_than_the_model_takes_are_refused(world: World) -> None:
    with pytest.raises(JobFailed, match="the model takes 32 at most; say `length 32 tokens`"):
        world.do(fine_tune(warm(length=33)))


@pytest.mark.parametrize(("task", "least"), [(warm, 3), (same, 5), (count, 5), (text, 3), (spans, 5)])
def test_inputs_without_room_for_a_text_are_refused(world: World, task: Callable[..., Task], least: int) -> None:
    """Tokenizers do not cut an input to less than what frames it: they would leave it as long as it is."""
    for length in (1, least - 1):
        with pytest.raises(
            JobFailed, match=rf"a length of {length} tokens, and .* takes {least} to see .*; say `length"
        ):
            world.do(fine_tune(task(length=length)))
    shortest = world.workshop.examples(task(length=least), "m", "data", 1).train
    assert shortest.lengths.max() == least


def test_long_pairs_are_cut_at_the_longer_text(world: World) -> None:
    encoded = world.workshop.examples(same(length=8), "m", "data", 1).train
    assert encoded.lengths.max() == 8
    assert np.array_equal(encoded.tokens[encoded.starts], np.full(len(encoded), 2))  # [CLS] comes first
