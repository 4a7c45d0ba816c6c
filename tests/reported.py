"""A study with everything that a report can show, filled in no time."""

from collections.abc import Callable
from pathlib import Path

from handmade import AT, DENSE, RANDOM_INIT, RANDOM_MASK, claim, fill, plan, publish, rule, study, ticket, transfer

from runtime.reports import Evidence, Report, Written, whole_report
from runtime.reports.blocks import Piece
from runtime.store import Certificate, Check, Outcome, Store
from ticketlang.highlighting import highlighted
from ticketlang.plan import Cell
from ticketlang.study import ArmPattern, Published, PublishedScore, Study
from ticketlang.units import Sparsity

AT_70 = Sparsity.percent(70)
EVIL = "<script>document.title='taken'</script>\"' onmouseover=alert(1) \x1b[2J\u202e"
TEXT = 'study handmade {  # <b>\n  question "Are <tickets> universal?"\n  seeds 1, 2\n}\n'


def published() -> Published:
    numbers = tuple(
        PublishedScore(
            arm=ArmPattern(arm="imp", source=source, level=AT_70), target=target, points=i + 1, below_dense=True, at=AT
        )
        for i, (source, target) in enumerate([("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")])
    )
    return Published(where="A. Author 2020, Figure 2", numbers=numbers, at=AT)


def wanted(**more: object) -> Study:
    return study(
        *(ticket(name, 30, 70, variant=(("rewind", point),)) for name in "ab" for point in ("0 steps", "5%")),
        tasks=("a", "b"),
        seeds=3,
        baselines=(DENSE, RANDOM_MASK, RANDOM_INIT),
        transfers=(transfer("imp", 70, "a", "b"),),
        match=rule("larger"),
        question="Are <tickets> universal?",
        published=(published(),),
        claims=(
            claim(ArmPattern(arm="imp", level=AT_70), "matches", ArmPattern(arm="dense"), name="winning"),
            claim(ArmPattern(arm="imp", level=AT_70), "beats", ArmPattern(arm="random_mask"), name="mask"),
        ),
        **more,
    )


def score(cell: Cell) -> float:
    level = float(cell.level.fraction) if cell.level else 0.0
    base = {"dense": 0.8, "imp": 0.8}.get(cell.arm, 0.5)
    return base - 0.05 * level**2 + 0.004 * cell.seeds.head


def write(folder: Path, of: Study, found: Callable[[Cell], float | None] = score, text: str = TEXT) -> Report:
    store, laid_out = Store.open(folder), plan(of)
    fill(store, laid_out, found)
    for cell, key in laid_out.cells.items():
        value = found(cell)
        if value is None:
            continue
        result = {"scores": {"accuracy": value}, "metric": "accuracy", "steps": 30, "examples": 640}
        losses = [[step, 1.0 / step + 0.01 * cell.seeds.head] for step in range(1, 31)]
        held = Certificate((Check("masked weights are zero", 1, 1, True),))
        publish(store, laid_out.jobs[key], Outcome({**result, "learning_curve": losses}, held))
    lines = tuple(tuple(Piece(kind, piece) for kind, piece in line) for line in highlighted(text))
    return whole_report(
        Evidence.of(laid_out, store),
        Written(name="handmade.ticket", lines=lines, show="ticketrun show handmade.ticket"),
    )
