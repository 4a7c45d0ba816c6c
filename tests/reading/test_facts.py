"""What a study reads: found without torch, and named by its content."""

import json
import os
import sys
from pathlib import Path

import pytest
from studies import ONE_TICKET

from runtime.digests import Digests
from runtime.facts import DataPlace, Gathered, Root, gather
from runtime.failures import FilesChanged
from runtime.families import FAMILIES
from runtime.models.description import checkpoint_names
from runtime.pins import HubName, LockFileError, Pins, hub_names, pin, read_pins, write_pins
from ticketlang.diagnostics import (
    Diagnostic,
    HeadNotInModel,
    HubUnreachable,
    LongerThanModel,
    MissingDataFile,
    MissingMaskFile,
    MissingModelFolder,
    MissingPackage,
    ModelWithoutTokenizer,
    ModelWithoutWeights,
    OutsideRoot,
    ScopeNotInModel,
    SharedLayers,
)
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.study import Study


def study_of(spec: str = ONE_TICKET) -> Study:
    checked = check(Source("s.ticket", spec))
    assert checked.study is not None, checked.diagnostics
    return checked.study


def gathered(root: Path, spec: str = ONE_TICKET, *, confined: bool = False, pins: Pins | None = None) -> Gathered:
    return gather(study_of(spec), Root(folder=root, is_confined=confined), pins or Pins({}), Digests())


def complaint(found: Gathered) -> Diagnostic:
    (only,) = found.diagnostics
    assert found.facts is None
    return only


def write_safetensors(path: Path, *names: str) -> None:
    """A file with one number under each name, made by hand: eight bytes of length, a header, the data."""
    header = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, name in enumerate(names)}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(4 * len(names)))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a model and a task in it."""
    (tmp_path / "a").mkdir()
    for split in ("train", "validation"):
        (tmp_path / "a" / f"{split}.jsonl").write_text('{"sentence": "so", "label": 0}\n')
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "bert", "num_hidden_layers": 1}')
    (model / "tokenizer.json").write_text("{}")
    write_safetensors(model / "model.safetensors", "encoder.layer.0.output.dense.weight", "pooler.dense.weight")
    return tmp_path


def test_everything_there_gives_digests(root: Path) -> None:
    found = gathered(root)

    assert not found.diagnostics
    assert found.facts is not None
    assert found.places.data("a").files == {s: root / "a" / f"{s}.jsonl" for s in ("train", "validation")}
    assert found.places.model(found.facts.model) == root / "model"


def test_digests_follow_content_and_not_place(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = gathered(root).facts
    moved = root.rename(tmp_path_factory.mktemp("elsewhere") / "root")
    assert gathered(moved).facts == before

    (moved / "a" / "train.jsonl").write_text('{"sentence": "so", "label": 1}\n')
    after = gathered(moved).facts
    assert before is not None
    assert after is not None
    assert after.data["a"].digest != before.data["a"].digest
    assert after.model == before.model


def test_a_readme_is_not_the_model(root: Path) -> None:
    before = gathered(root).facts
    (root / "model" / "README.md").write_text("good")
    assert gathered(root).facts == before
    (root / "model" / "config.json").write_text('{"model_type": "bert", "num_hidden_layers": 2}')
    assert gathered(root).facts != before


def test_a_digest_is_read_once_and_noticed_when_the_file_changes(root: Path) -> None:
    path, memory = root / "a" / "train.jsonl", root / "cache" / "digests.json"
    digests = Digests.open(memory)
    first = digests.of(path)
    digests.remember()

    remembered = Digests.open(memory)
    assert remembered.of(path) == first
    assert not remembered.is_changed, "nothing was read again"

    stamp = path.stat()
    path.write_text('{"sentence": "no", "label": 0}\n')  # as long as before
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert remembered.of(path) != first


GIVEN = ONE_TICKET.replace("source a", 'source file "theirs/mask.pt"').replace(
    "study s {", "study s {\n  transfer imp to a"
)


def test_a_mask_file_is_known_by_its_content(root: Path) -> None:
    missing = complaint(gathered(root, GIVEN))
    assert isinstance(missing, MissingMaskFile)
    assert missing.at.text == '"theirs/mask.pt"'

    (root / "theirs").mkdir()
    (root / "theirs" / "mask.pt").write_bytes(b"one")
    found = gathered(root, GIVEN)
    assert found.facts is not None
    (digest,) = found.facts.masks.values()
    assert found.places.mask(digest) == root / "theirs" / "mask.pt"

    (root / "theirs" / "mask.pt").write_bytes(b"two")
    with pytest.raises(FilesChanged):
        found.places.mask(digest)
    again = gathered(root, GIVEN).facts
    assert again is not None
    assert again.masks != found.facts.masks


def test_a_mask_file_outside_of_the_data_is_refused(root: Path) -> None:
    outside = complaint(gathered(root, GIVEN.replace("theirs/", "../"), confined=True))
    assert isinstance(outside, OutsideRoot)


def test_files_that_change_after_the_plan_are_refused(root: Path) -> None:
    """Else a training an hour from now would stand under the key of examples it never saw."""
    found = gathered(root)
    assert found.facts is not None
    found.places.data("a")

    (root / "a" / "train.jsonl").write_text('{"sentence": "so", "label": 1}\n')
    with pytest.raises(FilesChanged, match="run the study again"):
        found.places.data("a")

    found.places.model(found.facts.model)
    (root / "model" / "config.json").write_text('{"model_type": "bert", "num_hidden_layers": 2}')
    with pytest.raises(FilesChanged):
        found.places.model(found.facts.model)


@pytest.mark.parametrize("text", ["", "[]", '{"x": 1}', "\x00"])
def test_a_damaged_memory_of_digests_is_forgotten(root: Path, text: str) -> None:
    memory = root / "digests.json"
    memory.write_text(text)
    assert Digests.open(memory).of(root / "a" / "train.jsonl")


def test_a_missing_data_file_is_named_at_its_place(root: Path) -> None:
    (root / "a" / "validation.jsonl").unlink()
    found = complaint(gathered(root))

    assert isinstance(found, MissingDataFile)
    assert found.at.text == 'files "a/{split}.jsonl"'
    assert "validation.jsonl" in found.message


def test_a_model_without_weights(root: Path) -> None:
    (root / "model" / "model.safetensors").unlink()
    assert isinstance(complaint(gathered(root)), ModelWithoutWeights)


def test_a_model_without_tokenizer(root: Path) -> None:
    (root / "model" / "tokenizer.json").unlink()
    assert isinstance(complaint(gathered(root)), ModelWithoutTokenizer)


def test_no_model_folder(root: Path) -> None:
    assert isinstance(complaint(gathered(root, ONE_TICKET.replace('"model"', '"modle"'))), MissingModelFolder)


def test_a_scope_that_the_model_lacks(root: Path) -> None:
    write_safetensors(root / "model" / "model.safetensors", "encoder.layer.0.output.dense.weight")
    found = complaint(gathered(root, ONE_TICKET.replace("of encoder", "of encoder + pooler")))
    assert isinstance(found, ScopeNotInModel)


def test_shared_layers_are_no_layers_to_go_through(root: Path) -> None:
    """ALBERT's: no paths lead from one to the next, and none can change places."""
    (root / "model" / "config.json").write_text('{"model_type": "albert"}')
    found = complaint(
        gathered(root, ONE_TICKET.replace("magnitude global of encoder", "synflow of encoder over 3 iterations"))
    )
    assert isinstance(found, SharedLayers)
    assert "`synflow`" in found.message


def test_inputs_longer_than_the_model_takes(root: Path) -> None:
    config = '{"model_type": "bert", "num_hidden_layers": 1, "max_position_embeddings": 24}'
    (root / "model" / "config.json").write_text(config)
    found = complaint(gathered(root))

    assert isinstance(found, LongerThanModel)
    assert found.at.text == "32 tokens"
    assert "24" in found.message


def test_a_package_is_found_without_importing_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = root / "weights_of_ours"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (root / "model").rename(package / "tiny")
    monkeypatch.syspath_prepend(str(root))
    found = gathered(root, ONE_TICKET.replace('folder "model"', 'package weights_of_ours "tiny"'))

    assert not found.diagnostics
    assert "weights_of_ours" not in sys.modules

    absent = gathered(root, ONE_TICKET.replace('folder "model"', 'package weights_of_theirs "tiny"'))
    assert isinstance(complaint(absent), MissingPackage)


def test_with_a_data_folder_nothing_outside_is_read(root: Path) -> None:
    inner = root / "inner"
    inner.mkdir()
    (inner / "model").symlink_to(root / "model")
    (inner / "a").symlink_to(root / "a")

    assert not gathered(inner).diagnostics
    confined = gathered(inner, confined=True)
    assert [type(problem) for problem in confined.diagnostics] == [OutsideRoot, OutsideRoot]
    upward = gathered(inner, ONE_TICKET.replace('"a/', '"../a/').replace('"model"', '"../model"'), confined=True)
    assert [type(problem) for problem in upward.diagnostics] == [OutsideRoot, OutsideRoot]


HUB = ONE_TICKET.replace('folder "model"', 'hub "someone/model"').replace(
    'files "a/{split}.jsonl"', 'hub "someone/data"'
)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_hub_names_are_unpinned_until_they_are_resolved() -> None:
    found = gathered(Path(), HUB)

    assert found.unpinned == ("someone/model", "someone/data")
    assert found.facts is not None
    assert not found.facts.model_pinned


def test_pinning_writes_what_a_name_stood_for(tmp_path: Path) -> None:
    lock = tmp_path / "s.lock"
    pins, problems = pin(study_of(HUB), read_pins(lock), lambda name: COMMIT)
    write_pins(pins, lock)
    assert not problems

    again, _ = pin(study_of(HUB), read_pins(lock), lambda name: "f" * 40)
    assert again == pins, "what is pinned stays pinned"
    found = gathered(tmp_path, HUB, pins=again)
    assert not found.unpinned
    assert found.places.data("a") == DataPlace(digest=f"hub:someone/data:@{COMMIT}", hub=("someone/data", None, COMMIT))


def test_a_commit_needs_no_lock() -> None:
    study = study_of(HUB.replace('"someone/model"', f'"someone/model" revision "{COMMIT}"'))
    model = hub_names(study)[0]
    assert Pins({}).commit(model) == COMMIT


def test_one_name_out_of_reach_leaves_the_others_pinned() -> None:
    def resolve(name: HubName) -> str | Diagnostic:
        return HubUnreachable(at=name.at, name=name.name, reason="no network") if name.kind == "model" else COMMIT

    pins, problems = pin(study_of(HUB), Pins({}), resolve)
    assert [problem.code for problem in problems] == ["hub-unreachable"]
    assert list(pins.commits) == ["dataset someone/data"]


def test_a_lock_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(LockFileError, match="cannot be written"):
        write_pins(Pins({"model a/b": COMMIT}), tmp_path / "not there" / "s.lock")


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1, "commits": []}'])
def test_a_damaged_lock_file_is_refused(tmp_path: Path, text: str) -> None:
    lock = tmp_path / "s.lock"
    lock.write_text(text)
    with pytest.raises(LockFileError, match="lock"):
        read_pins(lock)


def test_a_head_that_the_model_lacks_is_refused(root: Path) -> None:
    """Where the spec asks for it; older names of its norm are its names, too."""
    (root / "text").mkdir()
    (root / "text/train.txt").write_text("so it goes\n", encoding="utf-8")
    spec = (
        ONE_TICKET
        + """
task text {
  kind masked words
  data files "text/{split}.txt"
  splits train, 50% of train
  text text
  train 10 steps
  batch 8 examples
  rate 1e-4
  length 8 tokens
  head pretrained
}
"""
    )
    spec = spec.replace("    rewind 0 steps\n  }\n", "    rewind 0 steps\n  }\n  transfer imp at 50% to text\n")
    found = complaint(gathered(root, spec))
    assert isinstance(found, HeadNotInModel)
    assert found.at.text == "pretrained"

    there = list(checkpoint_names(root / "model"))
    head = [name.replace("LayerNorm.weight", "LayerNorm.gamma") for name in FAMILIES["bert"].words.parameters.values()]
    write_safetensors(root / "model/model.safetensors", *there, *head)
    assert gathered(root, spec).diagnostics == ()
    assert gathered(root, spec.replace("head pretrained", "head fresh")).diagnostics == ()
