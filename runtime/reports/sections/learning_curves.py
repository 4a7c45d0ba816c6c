"""How the training loss falls: for each target dense, and each arm at its highest sparsity, mean over runs."""

from collections.abc import Mapping, Sequence

from ...results import Condition
from ...statistics import Average, average
from ..blocks import Column, Entry, Section, Table
from ..drawings import Curve, Curves, Point
from ..evidence import Evidence, arm_name
from ..plotted import role_of, spread_of

ROWS = 6  # places of the training that a table shows; a drawing shows all

Losses = Mapping[int, Average]  # by step


def section(evidence: Evidence) -> Section:
    """One table for each target on which trainings kept their losses."""
    tables = tuple(
        _table(evidence, target, losses) for target in evidence.targets if (losses := _losses(evidence, target))
    )
    return Section(title="Learning curves", blocks=tables)


def _losses(evidence: Evidence, target: str) -> dict[Condition, Losses]:
    there = {condition: found for condition in _shown(evidence, target) if (found := _of(evidence, condition))}
    return dict(sorted(there.items(), key=lambda each: role_of(evidence, each[0]) != "dense"))


def _shown(evidence: Evidence, target: str) -> Sequence[Condition]:
    """Of each arm the highest level; of arms that tickets have, those of the target's own ticket where it has one."""
    highest = {arm_name(condition): condition for condition in evidence.on(target)}  # from low to high
    own = [c for c in highest.values() if c.ticket is None or c.ticket.source == (target,)]
    return own if any(c.is_ticket for c in own) else [c for c in highest.values() if c.ticket is None or c.is_ticket]


def _of(evidence: Evidence, condition: Condition) -> Losses:
    runs = evidence.results.runs(condition)
    curves = [dict(result.get("learning_curve", ())) for run in runs if (result := evidence.result(run)) is not None]
    steps = sorted({step for curve in curves for step in curve})
    found = {step: average([curve[step] for curve in curves if step in curve], len(runs)) for step in steps}
    return {step: each for step, each in found.items() if each is not None}


def _table(evidence: Evidence, target: str, losses: Mapping[Condition, Losses]) -> Table:
    steps = sorted({step for its in losses.values() for step in its})
    shown = [steps[round(i * (len(steps) - 1) / (ROWS - 1))] for i in range(ROWS)] if len(steps) > ROWS else steps
    return Table(
        title=f"{target}: loss by step",
        columns=(Column("step"), *(Column(_name(condition)) for condition in losses)),
        rows=tuple(
            (Entry(f"{step:,}"), *(Entry(f"{its[step].mean:.3f}" if step in its else "") for its in losses.values()))
            for step in shown
        ),
        notes=("mean training loss since the step before that is kept, mean over runs",),
        drawing=Curves(
            x_name="step",
            y_name="training loss",
            spread=spread_of(evidence, losses),
            curves=tuple(
                Curve(
                    name=_name(condition),
                    role=role_of(evidence, condition),
                    points=tuple(_point(step, loss) for step, loss in its.items()),
                )
                for condition, its in losses.items()
            ),
        ),
    )


def _point(step: int, loss: Average) -> Point:
    if loss.sd is None:
        return Point(x=step, y=loss.mean)
    return Point(x=step, y=loss.mean, low=loss.mean - loss.sd, high=loss.mean + loss.sd)


def _name(condition: Condition) -> str:
    return condition.name.removesuffix(f"/{condition.target}")
