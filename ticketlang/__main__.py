"""`python -m ticketlang` is `ticketrun`."""

import sys

from .cli import main

sys.exit(main())
