"""The language of lottery-ticket studies: text in, plan out. Pure and instant: nothing here imports torch."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from .cli.doorway import Loaded

__all__ = ["load"]


def load(
    spec: "str | PathLike[str]",
    *,
    store: "str | PathLike[str]" = ".ticketlang",
    data: "str | PathLike[str] | None" = None,
    settings: "Sequence[str]" = (),
) -> "Loaded":
    """What a study found so far: `load("my.ticket").frame` has every number, and a notebook shows verdicts and scores.

    Args:
        store: the folder that its results are kept in.
        data: where data files and model folders lie; by default beside the spec.
        settings: said in place of what the study says, as with `--set`: `"seeds 1"`.

    Raises:
        ValueError: there are mistakes in the spec, or in what it names; they are in the message.
        runtime.store.StoreError: there is no store, or it is damaged.
    """
    from pathlib import Path

    from .cli.loading import load

    return load(Path(spec), Path(store), None if data is None else Path(data), settings)
