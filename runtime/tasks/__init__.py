"""Tasks: their examples, and how a network's answers to them are trained and scored."""

from .bad_data import BadData
from .examples import Examples, check_task, load_examples

__all__ = ["BadData", "Examples", "check_task", "load_examples"]
