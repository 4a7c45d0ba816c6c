"""The short form of `make torture`."""

import subprocess
import sys
from pathlib import Path

from desk import ENVIRONMENT

SCRIPT = Path(__file__).parents[1] / "torture.py"


def test_a_study_survives_being_killed() -> None:
    """Every kind of job, three times: what it leaves is what a study leaves that was let alone."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--kills", "3"], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kills: 3 kills survived by" in done.stdout
