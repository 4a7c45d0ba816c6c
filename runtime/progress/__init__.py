"""What one sees while jobs run: nothing, plain lines, or a live table."""

from .lines import Lines
from .listener import Listener, Silent
from .live import LiveTable
from .summary import summary_of

__all__ = ["Lines", "Listener", "LiveTable", "Silent", "summary_of"]
