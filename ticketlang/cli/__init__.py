"""The command line: one command a file, and `main` that finds it."""

import gc

# What importing makes stays: to look for garbage in it takes a twentieth of the time of a check. `main` ends this.
gc.disable()

from .main import main  # noqa: E402  # see above

__all__ = ["main"]
