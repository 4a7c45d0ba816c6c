"""A report in a notebook: its numbers as data frames, and itself where a cell shows it."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define

from .blocks import Judgement, Report, Section, Table
from .row import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

OF_A_CONDITION = ("arm", "ticket", "source", "variant", "level", "target", "metric")


@define(slots=False, repr=False)
class Loaded:
    """What a study found so far. Scores are fractions: 0.812, not 81.2."""

    report: Report

    @cached_property
    def frame(self) -> "pd.DataFrame":
        """A row for each cell and metric, with seeds, key and environment; cells without a result have no score."""
        import pandas as pd

        from .writers.data import arrow_types

        kinds = {"string": "string", "int64": "Int64", "double": "Float64", "bool": "boolean"}
        columns = {name: [getattr(row, name) for row in self.report.rows] for name in COLUMNS}
        types = {name: kinds[str(kind)] for name, kind in arrow_types().items()}
        return pd.DataFrame(columns, dtype=object).astype(types)

    @cached_property
    def scores(self) -> "pd.DataFrame":
        """Mean, standard deviation (ddof = 1) and number of runs, by arm, level, target and metric.

        What a seed does not change is one run, whatever number of cells it answers.
        """
        runs = self.frame.drop_duplicates([*OF_A_CONDITION, "key"])
        groups = runs.groupby(list(OF_A_CONDITION), dropna=False, sort=False)["score"]
        found = groups.agg(["mean", "std", "count"]).reset_index()
        return found.rename(columns={"std": "sd", "count": "runs"})

    @cached_property
    def verdicts(self) -> "pd.DataFrame":
        """A row for each case that a claim rests on, and one for each claim that has none."""
        import pandas as pd

        from .writers.data import case_row

        rows = []
        for verdict in self.report.verdicts:
            of = {"claim": verdict.claim.name, "sentence": verdict.claim.sentence, "verdict": verdict.answer}
            rows += [{**of, **case_row(case)} for case in verdict.cases] or [of]
        return pd.DataFrame(rows)

    @cached_property
    def tables(self) -> "Mapping[str, pd.DataFrame]":
        """The tables of the report as they are shown, `SECTION: TITLE`; their entries are texts."""
        return dict(_tables((*self.report.sections, *self.report.appendix)))

    @property
    def html(self) -> str:
        """The whole report as a page."""
        from .writers.html import html_page

        return html_page(self.report)

    def save(self, path: str | Path) -> Path:
        """Write the page, or by the ending of the name `.csv`, `.json` or `.parquet`.

        Raises:
            ValueError: the name ends in something else.
        """
        from .writers import content_for

        path = Path(path)
        path.write_bytes(content_for(path.suffix, self.report))
        return path

    def _repr_html_(self) -> str:
        from .writers.html import html_fragment

        return html_fragment(self.report)

    def __repr__(self) -> str:
        said = "; ".join(f"{verdict.claim.name}: {verdict.answer}" for verdict in self.report.verdicts)
        return f"<{self.report.study}: {self.report.done} of {self.report.asked} results{f'; {said}' if said else ''}>"


def _tables(sections: tuple[Section, ...]) -> "list[tuple[str, pd.DataFrame]]":
    import pandas as pd

    found = []
    for section in sections:
        for block in section.blocks:
            table = block.cases if isinstance(block, Judgement) else block
            if isinstance(table, Table):
                title = block.verdict.claim.name if isinstance(block, Judgement) else table.title
                rows = [[entry.text + entry.mark for entry in row] for row in table.rows]
                frame = pd.DataFrame(rows, columns=[column.name for column in table.columns])
                found.append((f"{section.title}: {title}" if title else section.title, frame))
    return found
