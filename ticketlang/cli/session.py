"""What the commands that look at a study on this machine begin with: the spec, and all that concerns it here."""

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import doorway
from .common import SPEC_WRONG, complain, read_study, show

if TYPE_CHECKING:
    from .doorway import Session


def in_session(args: Namespace, act: Callable[["Session"], int], *, only_looks: bool = False) -> int:
    """Read the study of `args.spec`, find what it reads, and do something with it. Returns the exit status.

    What is wrong with the spec, with what it names, with the store or with the machine is said here.

    Args:
        only_looks: there must be a store, and nothing is written: not even digests.
    """
    study = read_study(args.spec, args.settings)
    if study is None:
        return SPEC_WRONG
    try:
        enter = doorway.look if only_looks else doorway.open_session
        session = enter(study, args.spec, args.data, args.store)
        if session.gathered.facts is None:
            show(session.gathered.diagnostics)
            return SPEC_WRONG
        return act(session)
    except doorway.troubles() as trouble:
        return complain(str(trouble))
