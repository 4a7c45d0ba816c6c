"""The pages of the evidence: when a score matches, and what is checked of every result."""

from runtime.matching import RULES
from runtime.store.certificates import PROMISES
from runtime.verification.verify import QUESTIONS
from ticketlang.study import MatchRule
from ticketlang.units import percent_text

from .markdown import code, table


def rules() -> str:
    return "\n".join(
        [
            "# Match rules\n\nWhen a score counts as that of the dense network: what `match` may say, and the rules"
            " under which `report matching` sets the tickets of every study side by side. Other numbers of standard"
            " deviations, points and confidence may be said; [the science](../science/verdicts.md) has the formulas.\n",
            table(("rule", "matches where"), ((code(str(rule)), _condition(rule)) for rule in RULES)),
        ]
    )


def certificates() -> str:
    return "\n".join(
        [
            "# Certificates\n\nEach result lies in the store beside a certificate: what was expected and what was found"
            " in that very run. Where the two differ the job fails, leaves no result, and what needs it waits. All"
            " numbers come from the run itself; the declared weights are made once more, from files and streams, to be"
            " compared with.\n",
            table(
                ("what is checked", "by", "without it, a result might be"),
                ((name, promise.of, promise.otherwise) for name, promise in PROMISES.items()),
            ),
            "## What is verified later\n",
            "`ticketrun verify` makes sure of it, from the stored files alone. What it cannot know any more, such as"
            " weights that were dropped, it says.\n",
            "\n".join(f"- {each.things} {each.hold}" for each in QUESTIONS),
        ]
    )


def _condition(rule: MatchRule) -> str:
    """In words, from what the rule is made of."""
    amount = f"{float(rule.amount):g}"
    if rule.confidence is not None:
        test = f"a one-sided paired t test, at {percent_text(rule.confidence)},"
        if rule.to_show == "difference":
            return f"{test} does not show that the mean is below that of dense"
        return f"{test} shows that the mean is at most {amount} hundredths below that of dense"
    if rule.unit == "points":
        return f"the mean is at or above that of dense{f', less {amount} hundredths' if rule.amount else ''}"
    whose = {"dense": "of dense", "ticket": "of the ticket", "larger": "that is the larger", "pooled": "within both"}
    return f"the mean is at or above that of dense, less {amount} standard deviation {whose[rule.deviation or 'dense']}"
