"""Scores that were computed in double precision, in single, where the smallest of numbers do not depend on the machine.

What is smaller than the smallest normal number of a type, processors may take for zero or not, as they are told and as
far as they can be (`make_exact` in workshop.py tells them to). Here it is zero everywhere.
"""

import torch
from torch import Tensor

TINY = torch.finfo(torch.float32).tiny


def to_double(weight: Tensor) -> Tensor:
    """A matrix of fp32 on the CPU, for computing with."""
    found = weight.detach().cpu()
    return found.where(found.abs() >= TINY, 0.0).double()


def to_single(scores: Tensor) -> Tensor:
    """Scores, none below zero, in fp32."""
    return scores.where(scores >= TINY, 0.0).float()
