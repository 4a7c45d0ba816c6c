"""The model card of a ticket: what it is, what its study found of it, and how to use it. Markdown, as hubs show it."""

import json
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from ticketlang.jobs import JobKey
from ticketlang.study import Model, Ticket
from ticketlang.units import Sparsity

from .. import exchange
from ..points import points
from ..results import Condition
from ..store import Artifact
from ..store.certificates import NO_GRADIENT
from .blocks import Column, Entry, Section, Table, pointing
from .evidence import Evidence
from .numbers import gap, score
from .sections.verdicts import verdicts_about
from .writers.markdown import code, listing, markdown, text

TAGS = ("lottery-ticket", "pruning", "sparsity", "ticketlang")
NETWORK = "transformers"  # the layout that is a network
USES = {  # by layout: what it is, and how it is read in Python
    "safetensors": (
        'A mask of one bit a weight. In a study, `source file "mask.safetensors"` in a ticket starts from it.',
        """\
import json
import numpy as np
from safetensors import safe_open

with safe_open("mask.safetensors", framework="numpy") as file:
    shapes = json.loads(file.metadata()["ticket"])["shapes"]
    kept = {name: np.unpackbits(file.get_tensor(name), count=int(np.prod(shape))).reshape(shape).astype(bool)
            for name, shape in shapes.items()}
""",
    ),
    "rounds": (
        "One byte a weight: the round in which it was removed, and 0 where it stays. So every earlier ticket of the"
        " search is here, too: `ticketrun ticket import rounds.safetensors --sparsity 50% --to mask.safetensors` takes"
        " one out.",
        """\
from safetensors.numpy import load_file

kept = {name: died == 0 for name, died in load_file("rounds.safetensors").items()}
""",
    ),
    "transformers": (
        "The network as the ticket's training begins with it. Removed weights are zero, and stay so only where training"
        " masks them.",
        """\
from transformers import AutoModel

network = AutoModel.from_pretrained(".")
""",
    ),
    "bert-tickets": (
        "`mask.pt` as the code released with Chen et al. 2020 reads it: ones are kept, by the names of its matrices.",
        """\
import torch

kept = torch.load("mask.pt", weights_only=True)
""",
    ),
}


ORIGINS = {  # where a pre-trained model is from
    "hub": "on the Hugging Face hub",
    "folder": "a folder on the machine that the study was run on",
    "package": "in an installed Python package, and its folder there",
    "micro": "a BERT of half a megabyte that ships with ticketlang, pre-trained on the text of its built-in world",
}

Tickets = Mapping[tuple[Ticket, Sparsity], Sequence[Condition]]


@frozen(kw_only=True)
class Subject:
    """What a card is about."""

    ticket: exchange.Ticket
    layout: str
    hub: str | None  # the name of the pre-trained model on the hub


def card(subject: Subject, evidence: Evidence, spec: str) -> str:
    """The text of README.md.

    Args:
        spec: the text of the study.
    """
    conditions = _conditions(evidence, subject.ticket.mask.key)
    verdicts = verdicts_about(evidence, {condition for its in conditions.values() for condition in its})
    said, in_python = USES[subject.layout]
    parts = (
        _front(subject, evidence, conditions),
        f"# {text(subject.ticket.name)}\n",
        _opening(subject, evidence),
        markdown((_facts(subject, evidence.study.model, conditions),)),
        "## Use\n\n{}\n\n{}".format(said, listing(in_python, "python")),
        markdown((_scores(evidence, conditions),)) if conditions else "",
        markdown(pointing((verdicts,))) if verdicts.blocks else "",
        _checks(subject.ticket.mask),
        f"## The study\n\n{listing(spec, 'ticket')}",
    )
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def _front(subject: Subject, evidence: Evidence, conditions: Tickets) -> str:
    """What hubs index, as YAML; JSON strings are YAML, too. What is not of a hub has no id to name."""
    lines = ["tags:", *(f"- {tag}" for tag in TAGS)]
    lines.append(f"library_name: {'transformers' if subject.layout == NETWORK else 'ticketlang'}")
    if subject.hub is not None:
        lines.append(f"base_model: {json.dumps(subject.hub)}")
    tasks = (evidence.study.tasks[name] for ticket, _ in conditions for name in ticket.source)
    if data := list(dict.fromkeys(task.data.name for task in tasks if task.data.origin == "hub")):
        lines += ["datasets:", *(f"- {json.dumps(name)}" for name in data)]
    return "\n".join(("---", *lines, "---")) + "\n"


def _opening(subject: Subject, evidence: Evidence) -> str:
    result = subject.ticket.mask.result
    removed, total = int(result["removed"]), int(result["total"])
    study = evidence.study
    asked = f" It asks: {text(study.question)}" if study.question else ""
    return (
        f"A lottery ticket of {text(subject.ticket.base)}: {removed:,} of {total:,} weights are removed, "
        f"{points(100 * removed / total)}%. Found by the study {code(study.name)}.{asked}\n"
    )


def _facts(subject: Subject, model: Model, conditions: Tickets) -> Section:
    revision = f" at {subject.ticket.revision}" if subject.ticket.revision else ""
    facts = {
        "pre-trained model": subject.ticket.base + revision,
        "which is": ORIGINS[model.origin],
        "digest of the model": subject.ticket.model,
    }
    for ticket, level in list(conditions)[:1]:
        facts |= {
            "found on": ticket.source_name,
            "pruned by": str(ticket.pruning),
            "levels": f"{', '.join(map(str, ticket.path))}; this is {level}",
            "rewound to": str(ticket.rewind),
        }
    made = subject.ticket.mask.provenance.environment
    facts["made with"] = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    facts["key of the mask"] = subject.ticket.mask.key
    columns = (Column("", is_number=False), Column("", is_number=False))
    rows = tuple((Entry(name), Entry(said)) for name, said in facts.items())
    return Section(title="What it is", blocks=(Table(title="", columns=columns, rows=rows),))


def _conditions(evidence: Evidence, mask: JobKey) -> Tickets:
    """Where the ticket that the mask belongs to was trained, by ticket and level."""
    found: dict[tuple[Ticket, Sparsity], list[Condition]] = {}
    for condition in evidence.results.conditions:
        ticket, level = condition.ticket, condition.level
        if ticket is None or level is None or not condition.is_ticket:
            continue
        if mask in evidence.masks.get((ticket, level), {}).values():
            found.setdefault((ticket, level), []).append(condition)
    return found


def _scores(evidence: Evidence, conditions: Tickets) -> Section:
    """Means over the masks of all seeds of the study, this one among them."""
    results = evidence.results
    rows = [
        (
            Entry(condition.target),
            Entry(evidence.metric(condition.target)),
            Entry(score(results.average(condition)), mark=evidence.marks((condition,))),
            Entry(score(results.average(dense)) if (dense := results.dense(condition.target)) else ""),
            Entry(gap(results.gap(condition))),
        )
        for its in conditions.values()
        for condition in its
    ]
    columns = (
        Column("trained on", is_number=False),
        Column("metric", is_number=False),
        Column("ticket"),
        Column("whole network"),
        Column("gap"),
    )
    notes = (
        "mean ± standard deviation over the runs of the study, each with the mask of its own seed, in hundredths",
        *evidence.footnotes([condition for its in conditions.values() for condition in its]),
    )
    return Section(title="Scores", blocks=(Table(title="", columns=columns, rows=tuple(rows), notes=notes),))


def _checks(mask: Artifact) -> str:
    """The certificate: what was looked at in the run that made the mask."""
    return "## Checked in the run that made it\n\n" + "\n".join(_check_lines(mask)) + "\n"


def _check_lines(mask: Artifact) -> Iterator[str]:
    for check in mask.certificate.checks:
        yield f"- {text(check.name)}: {'holds' if check.holds else 'DOES NOT HOLD'}"
    if idle := mask.certificate.facts.get(NO_GRADIENT):
        names = ", ".join(map(code, idle))
        yield f"- no head of the training that was pruned reads {names}: removed by the weights from before it"
