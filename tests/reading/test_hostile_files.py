"""Files of others: models, masks and names that would run code, take memory, or lead elsewhere, and do not."""

import json
import pickle
import struct
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from attrs import evolve
from safetensors.numpy import save_file
from small_world import make_model
from studies import ONE_TICKET

from runtime.digests import Digests
from runtime.exchange import read_given
from runtime.facts import Gathered, Root, gather
from runtime.failures import ExchangeError, JobFailed
from runtime.models.checkpoint import read_trunk
from runtime.models.description import UnreadableModel, describe_model
from runtime.models.trunk import load
from runtime.pins import Pins
from runtime.tasks.encoding import load_tokenizer
from ticketlang.diagnostics import OutsideRoot, UnknownHubName, UnreadableModelFolder
from ticketlang.display.plan import heading
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.study import Study

MATRIX = "encoder.layer.0.attention.self.query.weight"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "model")


def memory() -> int:
    """Bytes that this process has taken at most so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def header(said: object, length: int | None = None) -> bytes:
    """A safetensors file whose header says this, and claims a length of its own."""
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text


def tensor(shape: list[int], offsets: list[int], kind: str = "F32") -> dict[str, object]:
    return {MATRIX: {"dtype": kind, "shape": shape, "data_offsets": offsets}}


HEADERS = {
    "longer than the file": header({}, 1 << 40),
    "longer than there is memory": header({}, (1 << 63) - 1),
    "a negative length": header({}, (1 << 64) - 1),
    "a tensor larger than the file": header(tensor([1 << 20, 1 << 20], [0, 1 << 42])),
    "a tensor larger than its place": header(tensor([1 << 40, 1 << 20], [0, 4])) + bytes(4),
    "sides whose product is past all numbers": header(tensor([1 << 62, 1 << 62], [0, 4])) + bytes(4),
    "a negative side": header(tensor([-1, 4], [0, 4])) + bytes(4),
    "a place before the file": header(tensor([1], [-4, 0])) + bytes(4),
    "a hole": header(tensor([1], [400, 404])) + bytes(404),
    "no such numbers": header(tensor([1], [0, 4], "F3")) + bytes(4),
    "nothing at all": b"",
    "depth without end": header(b'{"a":' * 100_000, 500_000),
    "a list": header([]),
}


@pytest.mark.parametrize("how", HEADERS)
def test_sizes_in_headers_are_checked_before_memory_is_taken(tmp_path: Path, model: Path, how: str) -> None:
    before = memory()
    mask = tmp_path / "mask.safetensors"
    mask.write_bytes(HEADERS[how])
    with pytest.raises(ExchangeError) as refused:
        read_given(mask)
    assert len(str(refused.value).splitlines()) == 1

    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_bytes((model / "config.json").read_bytes())
    (folder / "model.safetensors").write_bytes(HEADERS[how])
    with pytest.raises(UnreadableModel):
        describe_model(folder)
    assert memory() - before < 100_000_000


SHAPES = ("[[1000000000, 1000000000]]", "[[-1, -1]]", "[[0]]", "[[1.5, 2]]", '"x"', "[[true, 8]]", "[" * 5000)


@pytest.mark.parametrize("shapes", SHAPES)
def test_shapes_that_a_mask_of_ours_claims_are_checked(tmp_path: Path, shapes: str) -> None:
    """A bit a weight: the shape in the metadata decides how much is unpacked."""
    before = memory()
    inside = shapes.removeprefix("[").removesuffix("]") if shapes.startswith("[[") else shapes
    path = tmp_path / "mask.safetensors"
    save_file({MATRIX: np.zeros(1, dtype=np.uint8)}, path, metadata={"shapes": f'{{"{MATRIX}": {inside}}}'})

    with pytest.raises(ExchangeError, match="cannot be read as a mask"):
        read_given(path)
    assert memory() - before < 100_000_000


class Runs:
    """A pickle that touches a file when it is opened."""

    def __init__(self, touches: Path) -> None:
        self.touches = touches

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.touches,)


def packed(path: Path, content: object) -> None:
    """A file of torch.save whose parts are packed: a little that becomes much."""
    torch.save(content, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)


def legacy(path: Path, content: object) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


def bare(path: Path, content: object) -> None:
    path.write_bytes(pickle.dumps(content))


def expanded() -> dict[str, torch.Tensor]:
    """One number that is said to be a matrix of a million million."""
    return {MATRIX: torch.zeros(1).expand(1 << 20, 1 << 20)}


EVIL: dict[str, Callable[[Path, Path], None]] = {
    "code": lambda path, mark: torch.save({MATRIX: Runs(mark)}, path),
    "code, old form": lambda path, mark: legacy(path, {MATRIX: Runs(mark)}),
    "code, no form": lambda path, mark: bare(path, {MATRIX: Runs(mark)}),
    "a module": lambda path, mark: torch.save(torch.nn.Linear(2, 2), path),
    "a list": lambda path, mark: torch.save([torch.zeros(2)], path),
    "a tensor alone": lambda path, mark: torch.save(torch.zeros(2), path),
    "a word": lambda path, mark: torch.save({MATRIX: "one"}, path),
    "more than there is": lambda path, mark: torch.save(expanded(), path),
    "packed": lambda path, mark: packed(path, {MATRIX: torch.zeros(1 << 24)}),
    "without order": lambda path, mark: torch.save({MATRIX: torch.eye(3).to_sparse()}, path),
    "cut short": lambda path, mark: path.write_bytes(b"PK\x03\x04" + bytes(100)),
}


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("how", EVIL)
def test_a_pickled_file_is_opened_for_tensors_alone(tmp_path: Path, model: Path, how: str) -> None:
    """As a mask, and as the weights of a model; refused with a reason, and nothing in it runs or grows."""
    mark, before = tmp_path / "mark", memory()
    EVIL[how](tmp_path / "mask.pt", mark)
    assert not mark.exists()
    with pytest.raises(ExchangeError) as as_mask:
        read_given(tmp_path / "mask.pt")
    assert len(str(as_mask.value).splitlines()) == 1

    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_bytes((model / name).read_bytes())
    (tmp_path / "mask.pt").rename(folder / "pytorch_model.bin")
    with pytest.raises(JobFailed) as as_model:
        load(folder)
    assert "pytorch_model.bin" in str(as_model.value)
    assert not mark.exists()
    assert memory() - before < 300_000_000


def test_an_honest_pickle_is_read(tmp_path: Path, model: Path) -> None:
    pretrained = load(model)
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_bytes((model / name).read_bytes())
    torch.save(pretrained.pattern.state_dict(), folder / "pytorch_model.bin")

    found = read_trunk(folder, "bert", pretrained.names)

    assert all(torch.equal(found[name], weights) for name, weights in pretrained.read_again().items())


CODE = "from pathlib import Path\nPath({mark!r}).touch()\nclass Evil:\n    pass\n"


def test_code_that_comes_with_a_model_never_runs(tmp_path: Path) -> None:
    """There is no way to ask for it: neither the configuration's classes nor the tokenizer's are loaded."""
    mark = tmp_path / "mark"
    folder = make_model(tmp_path / "model")
    (folder / "evil.py").write_text(CODE.format(mark=str(mark)))
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"}
    (folder / "config.json").write_text(json.dumps(config))
    said = json.loads((folder / "tokenizer_config.json").read_text())
    said["auto_map"] = {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))

    load(folder)
    load_tokenizer(folder)

    assert not mark.exists()


def test_a_family_that_needs_code_is_refused(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Evil"}}
    (folder / "config.json").write_text(json.dumps(config))

    with pytest.raises(JobFailed, match="models of type `evil` cannot be pruned"):
        load(folder)


@pytest.mark.parametrize("name", ["../other/weights.safetensors", "/etc/passwd", "a/b.safetensors", ".."])
def test_an_index_of_weights_leads_nowhere(tmp_path: Path, name: str) -> None:
    folder = make_model(tmp_path / "model")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))

    with pytest.raises(UnreadableModel, match="does not name the files of the weights"):
        describe_model(folder)


def study_of(spec: str) -> Study:
    study = check(Source("s.ticket", spec)).study
    assert study is not None
    return study


def gathered(folder: Path, spec: str, *, is_confined: bool = True) -> Gathered:
    return gather(study_of(spec), Root(folder=folder, is_confined=is_confined), Pins({}), Digests())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    make_model(folder / "model")
    (folder / "a").mkdir()
    for split in ("train", "validation"):
        (folder / "a" / f"{split}.jsonl").write_text('{"sentence": "sky", "label": 0}\n')
    assert gathered(folder, ONE_TICKET).diagnostics == ()
    return folder


@pytest.mark.parametrize("name", ["a/train.jsonl", "model/config.json", "model/model.safetensors"])
def test_a_link_inside_the_data_leads_nowhere(tmp_path: Path, root: Path, name: str) -> None:
    """With `--data`: what a file is called decides nothing, where it leads does."""
    outside = tmp_path / "outside"
    (root / name).rename(outside)
    (root / name).symlink_to(outside)

    assert [type(problem) for problem in gathered(root, ONE_TICKET).diagnostics] == [OutsideRoot]
    assert gathered(root, ONE_TICKET, is_confined=False).diagnostics == ()


@pytest.mark.parametrize("name", ["../model", "/etc", "model/../../data2"])
def test_a_name_of_a_spec_leads_out_of_no_data_folder(root: Path, name: str) -> None:
    spec = ONE_TICKET.replace('folder "model"', f'folder "{name}"')
    assert [type(problem) for problem in gathered(root, spec).diagnostics] == [OutsideRoot]


@pytest.mark.parametrize("path", ["..", "../numpy", "/etc"])
def test_a_path_in_a_package_stays_in_it(root: Path, path: str) -> None:
    spec = ONE_TICKET.replace('folder "model"', f'package "safetensors" "{path}"')
    (problem,) = gathered(root, spec).diagnostics
    assert isinstance(problem, UnreadableModelFolder)
    assert problem.reason == "it lies outside of the package safetensors"


@pytest.mark.parametrize("name", ["../data/a", "/etc", "./a", "a/b/c", "~/a", "a/../b"])
def test_a_name_of_the_hub_is_no_path(root: Path, name: str) -> None:
    """The library that fetches data takes paths for names: with a commit nobody would ask the hub."""
    commit = "0" * 40
    of_data = ONE_TICKET.replace('files "a/{split}.jsonl"', f'hub "{name}" revision "{commit}"')
    of_model = ONE_TICKET.replace('folder "model"', f'hub "{name}" revision "{commit}"')
    for spec in (of_data, of_model):
        assert [type(problem) for problem in gathered(root, spec).diagnostics] == [UnknownHubName]


def test_a_folder_here_is_not_read_in_place_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    from runtime.facts import DataPlace
    from runtime.tasks.bad_data import BadData
    from runtime.tasks.hub import read_hub_split

    monkeypatch.chdir(tmp_path)
    (tmp_path / "owner" / "name").mkdir(parents=True)
    (tmp_path / "owner" / "name" / "train.jsonl").write_text('{"sentence": "sky", "label": 0}\n')
    place = DataPlace(digest="d", hub=("owner/name", None, "0" * 40))

    with pytest.raises(BadData) as refused:
        read_hub_split(study_of(ONE_TICKET).tasks["a"], place, "train", ("sentence",))
    assert "`owner/name` is a folder here, too" in refused.value.diagnostic.message


@pytest.mark.parametrize("name", ["../s", "/etc/s", "a/b", "..", "s\x00", "s\x1b[2J"])
def test_a_study_has_no_name_that_is_a_path(name: str) -> None:
    """Pages, logs and records are called after it."""
    assert check(Source("s.ticket", ONE_TICKET.replace("study s", f"study {name}"))).study is None


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x07", "\u202e", "\x9b31m", "\u2028"])
def test_what_a_study_says_is_shown_as_text(evil: str) -> None:
    """Whatever a study came from, nothing that is printed above a plan or a run moves the cursor."""
    study = evolve(study_of(ONE_TICKET), name=f"s{evil}", question=f"why{evil}")
    assert evil not in heading(evolve(study, model=evolve(study.model, name=f"m{evil}"))).plain


def test_all_of_this_takes_no_time(tmp_path: Path) -> None:
    """A header with many names is read in seconds, or refused."""
    said = {f"x{number}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for number in range(50_000)}
    (tmp_path / "mask.safetensors").write_bytes(header(said))
    began = time.monotonic()
    with pytest.raises(ExchangeError):
        read_given(tmp_path / "mask.safetensors")
    assert time.monotonic() - began < 20
