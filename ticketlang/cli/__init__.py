"""The command line: one command a file, and `main` that finds it."""

from .main import main

__all__ = ["main"]
