"""Masks held through a training: removed weights are zero before the first step, and after every one.

Masking the forward pass, as torch.nn.utils.prune does, would leave removed weights alive below the mask. Here their
gradients are set to zero before clipping, so that AdamW's moments stay zero and its decay decays a zero; and since
published tickets have turned out to be 98% dense, the weights are looked at after every step all the same.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..failures import BrokenInvariant
from ..pruning.mask import Mask
from .gradual import Gradual


class HeldMask:
    """A mask on the parameters of a network in training."""

    def __init__(self, mask: Mask, parameters: Mapping[str, nn.Parameter]) -> None:
        mask.apply_(parameters)
        self.parameters = {name: parameters[name] for name in mask.kept}
        # Multiplying by floats is three times faster than by bools, and these live as long as the training.
        self.factors = {name: bits.to(parameters[name].device, torch.float32) for name, bits in mask.kept.items()}
        self.removed = {name: ~bits.to(parameters[name].device) for name, bits in mask.kept.items()}

    def mask_gradients_(self) -> None:
        """Set the gradients of removed weights to zero."""
        gradients = {name: parameter.grad for name, parameter in self.parameters.items()}
        there = {name: gradient for name, gradient in gradients.items() if gradient is not None}
        if there:
            torch._foreach_mul_(list(there.values()), [self.factors[name] for name in there])

    def forget_in_(self, optimizer: torch.optim.Optimizer) -> None:
        """Set the optimizer's memory of removed weights to zero: of a weight that was trained, it brings it back."""
        for name, factor in self.factors.items():
            for memory in optimizer.state.get(self.parameters[name], {}).values():
                if memory.shape == factor.shape:  # the number of steps is no memory of a weight
                    memory.mul_(factor)

    def revived(self) -> tuple[str, ...]:
        """Matrices in which a removed weight is not zero: none, unless the optimizer moves what has no gradient."""
        found = [_any_in(weight.detach(), self.removed[name]) for name, weight in self.parameters.items()]
        there = torch.stack(found).tolist() if found else []  # a GPU is asked once for all
        return tuple(name for name, is_there in zip(self.parameters, there, strict=True) if is_there)


class MaskInForce:
    """The mask of a training, if it has one: the one it began with, or what prunings on the way made of it."""

    def __init__(self, mask: Mask | None, parameters: Mapping[str, nn.Parameter]) -> None:
        self.parameters = parameters
        self.checked_steps = 0  # after so many of them all removed weights were looked at
        self.prunings: list[tuple[int, int]] = []  # steps before which it was pruned, and weights gone from there on
        self.nested = 0  # of these, how many kept only what was there before
        self.mask = mask
        self.held = None if mask is None else HeldMask(mask, parameters)

    def prune_(self, gradual: Gradual, step: int, optimizer: torch.optim.Optimizer) -> bool:
        """Prune, if this is a step before which it is to be. Returns whether it was."""
        if step not in gradual.sparsities:
            return False
        before = self.mask
        self.mask = gradual.prune(self.parameters, gradual.sparsities[step], before)
        self.held = HeldMask(self.mask, self.parameters)
        self.held.forget_in_(optimizer)
        self.prunings.append((step, self.mask.removed))
        self.nested += before is None or self.mask.is_inside(before)
        return True

    def mask_gradients_(self) -> None:
        """See `HeldMask`."""
        if self.held is not None:
            self.held.mask_gradients_()

    def look(self, step: int) -> None:
        """Raises BrokenInvariant if a removed weight is not zero after a step."""
        if self.held is None:
            return
        if names := self.held.revived():
            raise BrokenInvariant(
                f"removed weights of `{names[0]}` are not zero after step {step}: the mask did not hold"
            )
        self.checked_steps += 1

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """What has become of it since the beginning: facts, and the bits of a mask that it did not begin with."""
        facts = {"checked": self.checked_steps, "prunings": list(self.prunings), "nested": self.nested}
        if not self.prunings or self.mask is None:
            return facts, {}
        packed = {name: torch.from_numpy(np.packbits(bits.numpy())) for name, bits in self.mask.kept.items()}
        return {**facts, "order": list(packed)}, packed

    def put_back_(self, facts: Mapping[str, Any], packed: Mapping[str, Tensor]) -> None:
        """What `state` took out, once the parameters are as they were then."""
        self.checked_steps, self.nested = facts["checked"], facts["nested"]
        self.prunings = [(step, removed) for step, removed in facts["prunings"]]
        if self.prunings:
            self.mask = Mask({name: _unpacked(packed[name], self.parameters[name].shape) for name in facts["order"]})
        self.held = None if self.mask is None else HeldMask(self.mask, self.parameters)


def _unpacked(packed: Tensor, shape: torch.Size) -> Tensor:
    bits = np.unpackbits(packed.numpy(), count=shape.numel()).view(np.bool_)
    return torch.from_numpy(bits).view(shape)


def _any_in(weight: Tensor, removed: Tensor) -> Tensor:
    if weight.device.type == "cpu":  # numpy compares and combines in a third of torch's time
        return torch.tensor(bool(np.logical_and(weight.numpy() != 0, removed.numpy()).any()))
    return ((weight != 0) & removed).any()
