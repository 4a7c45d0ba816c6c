"""A mask file for a small network, as sparse as a study declares its own to be."""

from pathlib import Path

import torch

from ticketlang.study import Ticket

from ..masks import write_mask
from ..models.scopes import prunable
from ..models.trunk import Pretrained


def write_mask_for(ticket: Ticket, model: Pretrained, path: Path) -> None:
    """A mask drawn at random over the ticket's scope, without its last matrix where the study says what becomes of one.

    Args:
        ticket: that starts from a mask file.
    """
    assert ticket.given is not None, "its mask is given"
    sizes = {name: matrix.shape for name, matrix in prunable(model.pattern, ticket.pruning.scope).items()}
    removed = ticket.path[0].removed(sum(size.numel() for size in sizes.values()))
    names = list(sizes)
    if ticket.given.missing != "nothing" and removed <= sum(sizes[name].numel() for name in names[:-1]):
        names.pop()
    total = sum(sizes[name].numel() for name in names)
    order = torch.randperm(total, generator=torch.Generator().manual_seed(1))
    kept = torch.split(order >= removed, [sizes[name].numel() for name in names])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_mask(path, {name: bits.reshape(sizes[name]).numpy() for name, bits in zip(names, kept, strict=True)})
