"""What can be wrong with a study: one small class per complaint. Reading these files is reading the manual.

A complaint knows its place first, then its facts. `says` and `help` are sentences over the facts, in lower case, with
names in backticks. One value feeds the terminal, `--json` and the editor.

Making the classes takes longer than checking a study that has no mistakes, so each file is imported when the first of
its complaints is made: write `diagnostics.UnknownTask(...)`, and import the name itself only where it is always needed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .base import Diagnostic as Diagnostic
from .base import UnknownName as UnknownName

FILES = ("reading", "writing", "naming", "saying", "meaning")

if TYPE_CHECKING:  # every class of these files is exported
    from .meaning import *  # noqa: F403
    from .naming import *  # noqa: F403
    from .reading import *  # noqa: F403
    from .saying import *  # noqa: F403
    from .writing import *  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        if not name.startswith("_"):
            for file in FILES:
                found = getattr(import_module(f".{file}", __name__), name, None)
                if found is not None:
                    return found
        raise AttributeError(f"there is no diagnostic called {name}")
