"""What a claim compares is run: beside every ticket a baseline is, but where it needs something that is not there."""

import pytest
from studies import TASK, TICKET

from ticketlang.pipeline import check
from ticketlang.source import Source

ARMS = """
arm both { mask intersection of ticket with imp from b }
arm low { mask union of ticket with shallow }
"""
STUDY = """
study s {{
  model folder "m"
  seeds 1, 2
  {ticket}
  ticket gradual {{
    source c
    prune gradual magnitude of encoder
    sparsity 50% of original
  }}
  ticket shallow {{
    source a
    prune magnitude of encoder
    sparsity 30% of original
  }}
  baselines both, low, gradual_run, random_mask, dense
  claim x {{ {claim} }}
}}
"""


def codes(claim: str) -> list[str]:
    tasks = "".join(TASK.format(name=name) for name in "abc")
    spec = tasks + ARMS + STUDY.format(ticket=TICKET, claim=claim)
    return [found.code for found in check(Source("s.ticket", spec)).diagnostics]


@pytest.mark.parametrize(
    ("claim", "found"),
    [
        ("imp from a beats both", []),
        ("imp from b beats both", ["nothing-to-compare"]),
        ("imp from a at 30% beats low", []),
        ("imp from a at 50% beats low at 50%", ["never-run"]),
        ("gradual beats gradual_run", []),
        ("gradual beats gradual_run on c", []),
        ("gradual beats both", []),
        ("imp beats gradual_run", ["nothing-to-compare"]),
        ("imp from a beats gradual_run on a", ["not-run-on"]),
        ("imp from a at 50% beats dense on every other target", ["never-run"]),
        ("imp from target beats dense on every other target", ["never-run"]),
        ("imp from a beats imp from target on c", ["not-run-on"]),
    ],
)
def test_a_claim_has_a_case(claim: str, found: list[str]) -> None:
    assert codes(claim) == found
