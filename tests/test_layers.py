"""Who may import whom. The tables are the architecture; the tests hold the code to them."""

import subprocess
import sys
from collections.abc import Mapping

import pytest
from imports import ROOT, Import, imports, is_within, modules

# The stages of the language, in order: each may import those before it.
STAGES = (
    "plain",
    "units",
    "source",
    "study",
    "jobs",
    "plan",
    "comparisons",
    "diagnostics",
    "vocabulary",
    "phrasing",
    "differences",
    "reasons",
    "cost",
    "standing",
    "grammar",
    "highlighting",
    "syntax",
    "stops",
    "lines",
    "parse",
    "formatting",
    "library",
    "elaborate",
    "rules",
    "lay_out",
    "factors",
    "smoke",
    "pipeline",
    "paper",
    "names",
    "readiness",
    "display",
    "cli",
    "__main__",
)

# What the two sides share, and so all that the runtime may know of the language.
SHARED = (
    "plain",
    "source",
    "units",
    "vocabulary",
    "study",
    "jobs",
    "plan",
    "comparisons",
    "reasons",
    "cost",
    "standing",
    "diagnostics",
)

# Parts of the runtime that say less than torch needs to be imported for: checking, planning and reporting use them.
LIGHT = (
    "damage",
    "digests",
    "exchange",
    "exports",
    "facts",
    "families",
    "failures",
    "footprint",
    "masks",
    "matrices",
    "matching",
    "micro",
    "models.description",
    "pins",
    "points",
    "progress",
    "reports",
    "results",
    "schedulers",
    "serving",
    "session",
    "statistics",
    "store",
    "storekeeping",
    "tasks.amounts",
    "tasks.answers",
    "tasks.classes",
    "tasks.corpus",
    "tasks.reading",
    "tensors",
    "training.seeds",
    "verdicts",
    "verification",
)
HEAVY_LIBRARIES = ("torch", "transformers", "datasets")

# Siblings know each other by these parts alone; `jobs` and `workshop` bring them together.
SIBLINGS: Mapping[str, tuple[str, ...]] = {
    "models": ("failures", "families", "matrices", "pickles", "tensors", "training.seeds"),
    "pruning": ("failures", "implementations", "masks", "matrices", "training.seeds"),
    "weights": (
        "failures", "matrices", "models.checkpoint", "models.trunk", "pruning.mask", "tensors", "training.seeds",
    ),
    "tasks": (
        "digests", "facts", "failures", "implementations", "micro", "tensors", "training.batches", "training.seeds",
    ),
    "training": ("failures", "models", "pruning.mask"),
}  # fmt: skip

# Parts that would still work if the rest of the runtime were gone: they know one another alone.
FOUNDATIONS = ("failures", "families", "masks", "metrics", "micro", "pickles", "points", "statistics", "tensors")

ALL = imports()


def test_the_walk_finds_the_imports_it_should():
    """Guards the other tests, which would all pass on an empty list."""
    found = {(i.importer, i.imported, i.is_late) for i in ALL}

    assert ("ticketlang.jobs", "ticketlang.study.Task", False) in found
    assert ("runtime.masks", "numpy", False) in found
    assert any(late and importer == "ticketlang.cli.doorway" for importer, _, late in found)


def test_every_stage_of_the_language_imports_earlier_ones():
    wrong = [i for i in ALL if _stage(i.importer) and _stage(i.imported) and _order(i.imported) > _order(i.importer)]

    _refuse(wrong, "a stage of the language may import itself and earlier ones")


def test_every_module_of_the_language_is_a_stage():
    unknown = [name for name in modules() if _stage(name) not in (None, *STAGES)]

    assert not unknown, f"say in STAGES where these stand: {', '.join(unknown)}"


def test_the_language_imports_attrs_lark_and_rich_alone():
    wrong = [i for i in _of("ticketlang") if i.is_third_party and i.distribution not in ("attrs", "lark", "rich")]

    _refuse(wrong, "ticketlang/ is pure and instant: attrs, lark and rich are all it needs")


def test_rich_is_imported_when_something_is_drawn():
    wrong = [
        i
        for i in _of("ticketlang")
        if i.distribution == "rich" and not i.is_late and not is_within(i.importer, "ticketlang.display")
    ]

    _refuse(wrong, "rich costs as much as all the rest: import it in display/, or inside the function that draws")


def test_the_doorway_alone_reaches_the_runtime():
    wrong = [i for i in _of("ticketlang") if i.distribution == "runtime" and i.importer != "ticketlang.cli.doorway"]

    _refuse(wrong, "ticketlang reaches the runtime through cli/doorway.py alone")


def test_the_runtime_knows_the_data_of_the_language_alone():
    allowed = [f"ticketlang.{part}" for part in SHARED]
    # The session asks the one planner again whenever results may have changed the plan.
    by_session = [*allowed, "ticketlang.lay_out"]
    wrong = [
        i
        for i in _of("runtime")
        if i.distribution == "ticketlang"
        and not any(is_within(i.imported, p) for p in (by_session if i.importer == "runtime.session" else allowed))
    ]

    _refuse(wrong, f"the runtime may import {', '.join(SHARED)} of ticketlang")


@pytest.mark.parametrize("package", ["ticketlang", "runtime"])
def test_a_package_imports_itself_relatively(package: str):
    """So that a package keeps working under another name, beside a stranger's `runtime`."""
    wrong = [i for i in _of(package) if i.distribution == package and not i.is_relative]

    _refuse(wrong, "write it relatively: from ..study import Task")


@pytest.mark.parametrize("part", SIBLINGS)
def test_siblings_know_each_other_by_their_interface(part: str):
    allowed = [f"runtime.{name}" for name in (part, *SIBLINGS[part])]
    wrong = [
        i
        for i in _of(f"runtime.{part}")
        if i.distribution == "runtime" and not any(is_within(i.imported, name) for name in allowed)
    ]

    _refuse(wrong, f"runtime/{part} may import {', '.join(SIBLINGS[part])}; runtime/jobs brings siblings together")


@pytest.mark.parametrize("part", FOUNDATIONS)
def test_foundations_stand_on_one_another_alone(part: str):
    wrong = [
        i
        for i in _of(f"runtime.{part}")
        if i.distribution == "runtime" and not any(is_within(i.imported, _full(other)) for other in FOUNDATIONS)
    ]

    _refuse(wrong, f"runtime/{part}.py imports foundations alone")


def test_one_part_writes_tensors():
    """So that all of them have the mode that the umask gives: the library gives one of its own."""
    writes = {"save_file", "serialize_file"}
    wrong = [
        i
        for i in _of("runtime")
        if i.distribution == "safetensors"
        and i.imported.rpartition(".")[2] in writes
        and i.importer != "runtime.tensors"
    ]

    _refuse(wrong, "safetensors files are written by runtime/tensors.py")


@pytest.mark.parametrize("part", LIGHT)
def test_the_light_half_reaches_no_heavy_library(part: str):
    """Neither by itself nor through what it imports, parent packages included."""
    graph = _graph()
    starts = [name for name in graph if is_within(name, _full(part))]
    assert starts, f"there is no module runtime.{part}: take it from LIGHT"

    for start in starts:
        chain = _chain(graph, start)
        assert chain is None, f"results are shown without torch, but {', which imports '.join(chain or ())}"


def test_validating_imports_nothing_heavy():
    """The same, asked of a running interpreter."""
    command = [sys.executable, "-X", "importtime", "-m", "ticketlang", "validate", "specs/universal.ticket"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines() if line.startswith("import time:")}

    assert ran.returncode == 0, ran.stdout
    assert "ticketlang.pipeline" in imported
    assert imported.isdisjoint({*HEAVY_LIBRARIES, "numpy", "runtime"})


def _of(part: str) -> list[Import]:
    return [i for i in ALL if is_within(i.importer, part)]


def _full(part: str) -> str:
    return f"runtime.{part}"


def _stage(name: str) -> str | None:
    """The stage a module, or a name in it, belongs to; None outside the language."""
    parts = name.split(".")
    return parts[1] if parts[0] == "ticketlang" and len(parts) > 1 else None


def _order(name: str) -> int:
    stage = _stage(name)
    return STAGES.index(stage) if stage in STAGES else -1


def _refuse(wrong: list[Import], rule: str) -> None:
    assert not wrong, "\n".join([f"{rule}; but", *map(str, wrong)])


def _graph() -> dict[str, list[str]]:
    """For each module what importing it imports: modules of the project with their parents, and heavy libraries."""
    names = modules()
    graph: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        parent = name.rpartition(".")[0]
        graph[name] += [parent] if parent else []
    for i in ALL:
        if i.is_late:
            continue
        if i.distribution in HEAVY_LIBRARIES:
            graph[i.importer].append(i.distribution)
        module = i.imported if i.imported in names else i.imported.rpartition(".")[0]
        if module in names:
            graph[i.importer].append(module)
    return graph


def _chain(graph: Mapping[str, list[str]], start: str) -> list[str] | None:
    """A shortest way from a module to a heavy library; None: there is none."""
    ways, reached = [[start]], {start}
    while ways:
        way = ways.pop(0)
        if way[-1] in HEAVY_LIBRARIES:
            return way
        for following in graph.get(way[-1], []):
            if following not in reached:
                reached.add(following)
                ways.append([*way, following])
    return None
