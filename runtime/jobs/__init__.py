"""What each kind of job does: one file per kind, `perform` chooses."""

from .perform import perform

__all__ = ["perform"]
