"""The built-in world: a small artificial language, six tasks in it, and text to read before them."""

from pathlib import Path

from .splits import columns, digest, rows
from .tasks import TASKS

MODEL = Path(__file__).parent / "model"  # a BERT that has read the corpus of world 1, with its tokenizer

__all__ = ["MODEL", "TASKS", "columns", "digest", "rows"]
