"""Ways to prune: how weights are scored, and whether one threshold serves the scope or each matrix has its own."""

from typing import Literal

from attrs import frozen

Allocation = Literal["global", "per layer"]
ALLOCATIONS: tuple[Allocation, ...] = ("global", "per layer")


@frozen(kw_only=True, repr=False)
class PruningMethod:
    """What `prune` may begin with."""

    name: str
    means: str
    runs: bool = True


PRUNINGS = {
    method.name: method
    for method in (PruningMethod(name="magnitude", means="weights nearest to zero go first (paper, section 3)"),)
}
