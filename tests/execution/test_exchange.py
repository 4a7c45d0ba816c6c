"""Tickets out and in again, bit for bit; and what is refused."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from small_world import SEEDS, World, fine_tune, warm
from transformers import AutoModel, AutoTokenizer

from runtime.exchange import LAYOUTS, Ticket, export, import_mask, read_given
from runtime.exchange.rounds import Round, write_rounds
from runtime.failures import ExchangeError
from runtime.masks import read_mask, write_mask
from runtime.reports.card import USES
from runtime.weights.files import read_state
from ticketlang.cli import ticket as command
from ticketlang.jobs import Prune, Reached, ReachRewindPoint, key_of
from ticketlang.study import Pruning
from ticketlang.units import Duration, Sparsity

PRUNING = Pruning(method="magnitude", allocation="global", scope=("encoder", "pooler"))
HALF = Prune(model="m", pruning=PRUNING, sparsity=Sparsity.percent(50), weights=None, start=None)
CARD = "# A ticket\n"
UNTIL = Duration(Fraction(3), "steps")
POINT = ReachRewindPoint(model="m", task=warm(), data="data", until=UNTIL, seeds=SEEDS, precision="fp32")


@pytest.fixture
def ticket(world: World, tmp_path: Path) -> Ticket:
    """One that is rewound to a point, so that its weights are not those of the model."""
    spec = tmp_path / "small.ticket"
    spec.write_text("study small {}\n", encoding="utf-8")
    mask, point = world.do(HALF), world.do(POINT)
    job = fine_tune(warm(), mask=mask.key, weights=Reached(job=point.key), head=point.key, begins=UNTIL)
    return Ticket(
        name="imp/warm@50%/warm/seed=1", model="m", base="small", revision="0123", job=job, search=(("50%", mask),),
        spec=spec,
    )  # fmt: skip


def exported(ticket: Ticket, world: World, model: Path, folder: Path, layout: str) -> Path:
    export(ticket, model, world.store, folder, layout, CARD)
    return folder


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("layout", "file"),
    [
        ("safetensors", "mask.safetensors"),
        ("rounds", "rounds.safetensors"),
        ("bert-tickets", "mask.pt"),
        ("transformers", ""),
    ],
)
def test_a_mask_goes_out_and_comes_back(
    world: World, ticket: Ticket, model_folder: Path, tmp_path: Path, layout: str, file: str
) -> None:
    folder = exported(ticket, world, model_folder, tmp_path / "out", layout)
    given = import_mask(folder / file, tmp_path / "back.safetensors")
    import_mask(folder, tmp_path / "from folder.safetensors")
    assert same(read_mask(tmp_path / "from folder.safetensors"), dict(given.kept))
    original = read_mask(ticket.mask.path("mask.safetensors"))

    assert same(dict(given.kept), original)
    assert same(read_mask(tmp_path / "back.safetensors"), original)
    assert (given.removed, given.total) == (ticket.mask.result["removed"], ticket.mask.result["total"])


def test_a_header_may_be_as_long_as_a_pickle_begins(tmp_path: Path) -> None:
    """One safetensors file in 32 begins with the byte 0x80, as pickles do."""
    path = tmp_path / "mask.safetensors"
    kept = {"encoder.layer.0.output.dense.weight": np.array([[True, False]])}
    for length in range(256):
        write_mask(path, kept, {"note": length * "."})
        if path.read_bytes()[0] == 0x80:  # the lowest byte of the header's length
            break
    else:
        raise AssertionError("no header of that length was met")
    assert same(dict(read_given(path).kept), kept)


def test_the_same_ticket_is_the_same_file(world: World, ticket: Ticket, model_folder: Path, tmp_path: Path) -> None:
    one, two = (
        exported(ticket, world, model_folder, tmp_path / name, "safetensors") / "mask.safetensors" for name in "ab"
    )
    assert one.read_bytes() == two.read_bytes()


def test_the_released_code_finds_what_it_saved_itself(
    world: World, ticket: Ticket, model_folder: Path, tmp_path: Path
) -> None:
    """Six matrices a layer, and the pooler; float32; 73 of them for twelve layers."""
    folder = exported(ticket, world, model_folder, tmp_path / "out", "bert-tickets")
    found = torch.load(folder / "mask.pt", weights_only=True)

    parts = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
             "intermediate.dense", "output.dense")  # fmt: skip
    names = {f"bert.encoder.layer.{layer}.{part}.weight_mask" for layer in range(2) for part in parts}
    assert found.keys() == {*names, "bert.pooler.dense.weight_mask"}
    assert all(tensor.dtype == torch.float32 for tensor in found.values())
    assert sum(int((tensor == 0).sum()) for tensor in found.values()) == ticket.mask.result["removed"]


def test_transformers_loads_the_masked_network(
    world: World, ticket: Ticket, model_folder: Path, tmp_path: Path
) -> None:
    """With the weights that its training begins with, bit for bit, and its tokenizer."""
    folder = exported(ticket, world, model_folder, tmp_path / "out", "transformers")
    loaded = dict(AutoModel.from_pretrained(folder).named_parameters())
    point = read_state(world.do(POINT).path("weights.safetensors"))
    kept = read_mask(ticket.mask.path("mask.safetensors"))

    assert loaded.keys() == point.keys()
    for name, weight in point.items():
        expected = weight.numpy() if name not in kept else np.where(kept[name], weight.numpy(), np.float32(0))
        assert np.array_equal(loaded[name].detach().numpy(), expected), name
    assert AutoTokenizer.from_pretrained(folder)("the red thing")["input_ids"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_ticket_says_where_it_comes_from(
    world: World, ticket: Ticket, model_folder: Path, tmp_path: Path, layout: str
) -> None:
    from safetensors import safe_open

    folder = exported(ticket, world, model_folder, tmp_path / "out", layout)
    if layout in {"safetensors", "rounds"}:
        with safe_open(next(folder.glob("*.safetensors")), framework="numpy") as file:
            (said,) = file.metadata().values()
        about = json.loads(said)
    else:
        about = json.loads((folder / "ticket.json").read_text())

    assert about["spec"] == "study small {}\n"
    assert (about["model"], about["base"], about["revision"]) == ("m", "small", "0123")
    assert (folder / "README.md").read_text() == CARD
    assert about["cell"] == "imp/warm@50%/warm/seed=1"
    assert about["mask"] == key_of(HALF)
    assert all(check["holds"] for check in about["certificate"]["checks"])


def test_the_command_line_and_cards_name_every_layout() -> None:
    assert command.LAYOUTS.keys() == LAYOUTS.keys() == USES.keys()


def bits(*kept: int) -> dict[str, np.ndarray]:
    return {"encoder.layer.0.output.dense.weight": np.array([kept], dtype=bool)}


def test_every_round_of_a_search_comes_out_of_its_file(tmp_path: Path) -> None:
    """A byte says when a weight died; what a level keeps is what died later, or never."""
    first, last = bits(1, 0, 1, 1), bits(1, 0, 0, 1)
    write_rounds(tmp_path / "rounds.safetensors", [Round("25%", first), Round("50%", last)], {})

    (died,) = load_file(tmp_path / "rounds.safetensors").values()
    assert died.tolist() == [[0, 1, 2, 0]]
    for sparsity, expected in {"25%": first, "50%": last, None: last}.items():
        assert same(dict(read_given(tmp_path / "rounds.safetensors", sparsity).kept), expected)
    with pytest.raises(ExchangeError, match="has no round that ends at 70%; there are 25%, 50%"):
        read_given(tmp_path / "rounds.safetensors", "70%")


def test_rounds_that_do_not_nest_have_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="come back in round 2"):
        write_rounds(tmp_path / "r.safetensors", [Round("25%", bits(1, 0, 1)), Round("50%", bits(0, 1, 1))], {})


@pytest.mark.parametrize(
    ("metadata", "rounds", "said"),
    [
        ('{"levels":["50%"]}', np.array([[0, 2]], dtype=np.uint8), "other rounds than the 1 that it names"),
        ('{"levels":["50%"]}', np.array([[0, 1]], dtype=np.float32), "other rounds than the 1 that it names"),
        ("no json", np.array([[0, 1]], dtype=np.uint8), "does not say which rounds there were"),
        ("{}", np.array([[0, 1]], dtype=np.uint8), "does not say which rounds there were"),
    ],
)
def test_rounds_that_contradict_themselves_are_refused(
    tmp_path: Path, metadata: str, rounds: np.ndarray, said: str
) -> None:
    path = tmp_path / "rounds.safetensors"
    save_file({"encoder.layer.0.output.dense.weight": rounds}, path, metadata={"rounds": metadata})
    with pytest.raises(ExchangeError, match=said):
        read_given(path)


def test_a_network_without_zeros_is_no_ticket(model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="without a zero in its matrices"):
        import_mask(model_folder, tmp_path / "mask.safetensors")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(ExchangeError, match="no mask is in it, and no network"):
        import_mask(tmp_path / "nothing", tmp_path / "mask.safetensors")


def test_nothing_is_overwritten(world: World, ticket: Ticket, model_folder: Path, tmp_path: Path) -> None:
    folder = exported(ticket, world, model_folder, tmp_path / "out", "safetensors")
    with pytest.raises(ExchangeError, match="is not empty: it holds"):
        export(ticket, model_folder, world.store, folder, "bert-tickets", CARD)
    with pytest.raises(ExchangeError, match="is there already"):
        import_mask(folder / "mask.safetensors", folder / "mask.safetensors")


def test_without_the_model_the_mask_alone_goes_out(world: World, ticket: Ticket, tmp_path: Path) -> None:
    export(ticket, None, world.store, tmp_path / "mask", "safetensors", CARD)
    with pytest.raises(ExchangeError, match="the model is not on this machine"):
        export(ticket, None, world.store, tmp_path / "network", "transformers", CARD)


class Harm:
    """What a pickle may hold: unpickling it would write a file."""

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("harm.txt"),)


@pytest.mark.parametrize("damage", ["cut", "end", "head"])
def test_a_damaged_pickle_is_one_sentence_of_ours(tmp_path: Path, damage: str) -> None:
    torch.save({"bert.pooler.dense.weight_mask": torch.ones(64, 64)}, tmp_path / "mask.pt")
    whole = (tmp_path / "mask.pt").read_bytes()
    broken = {
        "cut": whole[: len(whole) // 2],
        "end": whole[:-200] + bytes(200),
        "head": b"PK\x03\x04" + bytes(296) + whole[300:],
    }
    (tmp_path / "mask.pt").write_bytes(broken[damage])
    with pytest.raises(ExchangeError, match=r"mask\.pt .*is damaged.* would run$"):
        read_given(tmp_path / "mask.pt")


def test_a_pickle_that_is_more_than_tensors_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"bert.pooler.dense.weight_mask": Harm()}, tmp_path / "mask.pt")
    with pytest.raises(ExchangeError, match="is not opened: code in it would run"):
        read_given(tmp_path / "mask.pt")
    assert not (tmp_path / "harm.txt").exists()


QUERY = "bert.encoder.layer.0.attention.self.query.weight_mask"


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        ({QUERY: torch.full((2, 2), 0.5)}, "neither 0 nor 1"),
        ({"bert.embeddings.word_embeddings.weight_mask": torch.ones(2, 2)}, "no matrix of an encoder or pooler"),
        ({QUERY: torch.ones(2, 2), QUERY.removeprefix("bert."): torch.ones(2, 2)}, "two masks of"),
        ({}, "holds no tensors"),
        ([torch.ones(2)], "something else than tensors with names"),
    ],
    ids=["shares", "embeddings", "twice", "empty", "list"],
)
def test_what_is_no_mask_is_refused(tmp_path: Path, tensors: object, sentence: str) -> None:
    torch.save(tensors, tmp_path / "mask.pt")
    with pytest.raises(ExchangeError, match=sentence):
        read_given(tmp_path / "mask.pt")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    for name in ("mask.pt", "mask.safetensors"):
        (tmp_path / name).write_bytes(b"noise")
        with pytest.raises(ExchangeError):
            read_given(tmp_path / name)
    with pytest.raises(ExchangeError, match="is not there"):
        read_given(tmp_path / "gone.pt")


def test_files_are_told_by_what_they_begin_with(tmp_path: Path) -> None:
    """Whatever they are called: a mask of torch.save, old and new, and one in safetensors."""
    bits = {QUERY: torch.tensor([[1.0, 0.0], [1.0, 1.0]])}
    torch.save(bits, tmp_path / "mask")
    torch.save(bits, tmp_path / "old.mask", _use_new_zipfile_serialization=False)
    save_file({QUERY: bits[QUERY].numpy()}, tmp_path / "mask.pt")
    for name in ("mask", "old.mask", "mask.pt"):
        assert read_given(tmp_path / name).removed == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"study small {}\n", "neither a safetensors file nor one of torch.save"),
        ((1 << 40).to_bytes(8, "little") + b"{" + b" " * 100, "neither a safetensors file nor one of torch.save"),
        ((59).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,999999]}}', "cannot be read"),
        (b"", "neither a safetensors file nor one of torch.save"),
    ],
    ids=["text", "a header longer than the file", "a tensor longer than the file", "empty"],
)
def test_what_a_file_says_of_its_size_is_held_against_its_size(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "mask.safetensors").write_bytes(content)
    with pytest.raises(ExchangeError, match=sentence):
        read_given(tmp_path / "mask.safetensors")


@pytest.mark.parametrize("shape", [[1 << 32, 1 << 32], [-1, -8], [0], [1 << 50], ["a"], [2.5]])
def test_shapes_that_cannot_be_are_refused_before_any_memory_is_taken(tmp_path: Path, shape: list[object]) -> None:
    said = json.dumps({"encoder.layer.0.output.dense.weight": shape})
    packed = {"encoder.layer.0.output.dense.weight": np.zeros(1, dtype=np.uint8)}
    save_file(packed, tmp_path / "mask.safetensors", metadata={"shapes": said})
    with pytest.raises(ExchangeError, match="cannot be read as a mask"):
        read_given(tmp_path / "mask.safetensors")


def test_a_network_is_refused_by_its_names_before_a_tensor_is_read(
    tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of weights may be larger than the memory."""
    from runtime.exchange import given

    def read(*_: object) -> None:
        raise AssertionError("a tensor was read")

    monkeypatch.setattr(given, "_of_tensors", read)
    with pytest.raises(ExchangeError, match="which is no matrix of an encoder or pooler"):
        read_given(model_folder / "model.safetensors")
    save_file({QUERY: np.zeros((2, 2), dtype=np.complex64)}, tmp_path / "mask.safetensors")
    with pytest.raises(ExchangeError, match="as numbers of type C64"):
        read_given(tmp_path / "mask.safetensors")


def test_the_matrices_of_a_network_are_no_masks(tmp_path: Path) -> None:
    save_file({QUERY.removesuffix("_mask"): np.full((2, 2), 0.1, dtype=np.float32)}, tmp_path / "m.safetensors")
    with pytest.raises(ExchangeError, match="neither 0 nor 1: it may hold the weights of a network"):
        read_given(tmp_path / "m.safetensors")
    with pytest.raises(ExchangeError, match="is a folder, and no mask file"):
        read_given(tmp_path)


def test_tensors_of_zeros_and_ones_are_a_mask_too(tmp_path: Path) -> None:
    kept = {"encoder.layer.0.output.dense.weight": np.array([[True, False], [True, True]])}
    numbers = {f"roberta.{name}": bits.astype(np.uint8) for name, bits in kept.items()}
    save_file(numbers, tmp_path / "m.safetensors")
    assert same(dict(read_given(tmp_path / "m.safetensors").kept), kept)
    write_mask(tmp_path / "ours.safetensors", kept)
    assert same(dict(read_given(tmp_path / "ours.safetensors").kept), kept)
