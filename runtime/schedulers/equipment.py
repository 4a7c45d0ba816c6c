"""What a worker needs to do real jobs: imported here, in the worker, since it brings torch."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..progress import Listener
from ..store.checkpoints import Checkpoints
from .hand import Perform

if TYPE_CHECKING:
    from ..facts import Places


def equip(
    places: "Places", device: str, threads: int | None, cache: Path, checkpoints: Checkpoints, listener: Listener
) -> tuple[Perform[Any], Any]:
    """The way jobs are done, and a workshop to do them in.

    Raises:
        NoSuchDevice: for a device that is not there.
    """
    from ..jobs import perform
    from ..workshop import Workshop

    return perform, Workshop.open(places, listener, device, cache, threads, checkpoints)
