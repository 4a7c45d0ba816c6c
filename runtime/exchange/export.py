"""A ticket of a study as files that others read: its mask alone, or the masked network."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from safetensors import SafetensorError

from ticketlang.jobs import FineTune

from ..failures import ExchangeError, UnwritableError
from ..masks import MASK_FILE, read_mask, write_mask
from ..models.description import SAFETENSORS
from ..store import Artifact, Store
from ..tensors import FOR_TRANSFORMERS, write_tensors
from .rounds import ROUNDS_FILE, Round, write_rounds

ABOUT = "ticket.json"
CARD = "README.md"  # as hubs show it
TOKENIZER = ("tokenizer*", "vocab.*", "merges.txt", "special_tokens_map.json", "added_tokens.json", "*.model")


@frozen(eq=False)
class Ticket:
    """What is exported: a mask, and a training that is held to it."""

    name: str  # of the cell, or of the mask
    model: str  # digest
    base: str  # the pre-trained model, as people know it
    revision: str | None  # of it, on the hub
    job: FineTune | None  # None: the study trains nothing under it
    search: tuple[tuple[str, Artifact], ...]  # levels and masks of its rounds, its own the last one
    spec: Path

    @property
    def mask(self) -> Artifact:
        return self.search[-1][1]

    @property
    def about(self) -> dict[str, Any]:
        """Where it comes from, for those who find it without us."""
        result = self.mask.result
        return {
            "cell": self.name,
            "mask": self.mask.key,
            "base": self.base,
            "revision": self.revision,
            "model": self.model,
            "removed": result["removed"],
            "total": result["total"],
            "certificate": self.mask.certificate.to_json(),
            "environment": self.mask.provenance.environment.versions,
            "spec": self.spec.read_text(encoding="utf-8-sig"),
        }


def export(ticket: Ticket, model: Path | None, store: Store, folder: Path, layout: str, card: str) -> tuple[Path, ...]:
    """Write a ticket into a folder, which is made if need be. Nothing there is overwritten.

    Args:
        model: the folder of the pre-trained model; None: it is not at hand.
        card: what README.md says.

    Raises:
        ExchangeError: files are in the way, or there is nothing to export in this layout.
        UnwritableError: the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if there := sorted(path.name for path in folder.iterdir()):
            raise ExchangeError(f"{folder} is not empty: it holds `{there[0]}`; choose another folder with --to")
        LAYOUTS[layout](ticket, model, store, folder)
        (folder / CARD).write_text(card, encoding="utf-8")
    except (FileExistsError, NotADirectoryError):
        raise ExchangeError(f"{folder} is a file, or lies in one; choose another folder with --to") from None
    except (OSError, SafetensorError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise UnwritableError(f"{folder} cannot be written to: {reason}") from None
    return tuple(sorted(folder.iterdir()))


def _safetensors(ticket: Ticket, model: Path | None, store: Store, folder: Path) -> None:
    write_mask(folder / MASK_FILE, read_mask(ticket.mask.path(MASK_FILE)), ticket.about)


def _rounds(ticket: Ticket, model: Path | None, store: Store, folder: Path) -> None:
    rounds = [Round(level, read_mask(mask.path(MASK_FILE))) for level, mask in ticket.search]
    write_rounds(folder / ROUNDS_FILE, rounds, ticket.about)


def _bert_tickets(ticket: Ticket, model: Path | None, store: Store, folder: Path) -> None:
    """The layout of the released code: float32, and names as they are under its `model`."""
    import torch

    kept = read_mask(ticket.mask.path(MASK_FILE))
    torch.save({f"bert.{name}_mask": torch.from_numpy(bits).float() for name, bits in kept.items()}, folder / "mask.pt")
    _say(ticket.about, folder)


def _transformers(ticket: Ticket, model: Path | None, store: Store, folder: Path) -> None:
    """The network as the ticket's training begins with it, for `from_pretrained`."""
    from ..models.trunk import load
    from ..pruning.mask import Mask
    from ..weights.files import WEIGHTS_FILE
    from ..weights.origin import origin

    if ticket.job is None:
        raise ExchangeError(f"the study trains nothing under `{ticket.name}`: its weights are not said, but for a mask")
    if model is None:
        raise ExchangeError("the model is not on this machine; `ticketrun run` fetches it")
    network = load(model)
    mask = Mask.read(ticket.mask.path(MASK_FILE))
    weights = origin(ticket.job.weights, mask, network, lambda key: store.artifact(key).path(WEIGHTS_FILE))
    mask.apply_(weights)
    write_tensors(folder / SAFETENSORS, {name: tensor.numpy() for name, tensor in weights.items()}, FOR_TRANSFORMERS)
    for pattern in ("config.json", *TOKENIZER):
        for path in model.glob(pattern):
            (folder / path.name).write_bytes(path.read_bytes())
    _say(ticket.about, folder)


def _say(about: Mapping[str, Any], folder: Path) -> None:
    (folder / ABOUT).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


LAYOUTS: dict[str, Callable[[Ticket, Path | None, Store, Path], None]] = {
    "safetensors": _safetensors,
    "rounds": _rounds,
    "transformers": _transformers,
    "bert-tickets": _bert_tickets,
}
