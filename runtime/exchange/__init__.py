"""Tickets in and out: files that others read, and files that others wrote."""

from .export import LAYOUTS, Ticket, export
from .given import Given, import_mask, read_given

__all__ = ["LAYOUTS", "Given", "Ticket", "export", "import_mask", "read_given"]
