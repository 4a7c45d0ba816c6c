"""What the project's own files promise holds."""

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from imports import ROOT, imports
from pages import DOCS, SHOWN, name_of

from ticketlang.formatting import formatted
from ticketlang.parse import parse
from ticketlang.pipeline import check
from ticketlang.source import Source

MAKEFILE = (ROOT / "Makefile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FOLDERS = ("ticketlang", "runtime", "specs", "examples", "tests")
READMES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(page for folder in FOLDERS for page in (ROOT / folder).rglob("README.md")),
]
FILES = sorted(spec for folder in ("specs", "examples", "benchmarks") for spec in (ROOT / folder).rglob("*.ticket"))
SPECS = [file for file in FILES if "\nstudy " in file.read_text()]  # the others are used by them


def test_every_make_command_of_the_readme_and_the_site_exists():
    asked = {name for page in SHOWN for name in re.findall(r"(?:^|`)make (\w+)", page.read_text(), re.MULTILINE)}

    assert {"demo", "test", "check"} <= asked
    assert asked <= _targets(), f"the Makefile has no target {', '.join(asked - _targets())}"


def test_the_demo_takes_as_long_wherever_that_is_said():
    """README says what was measured; what else speaks of it says the same."""
    (said,) = re.findall(r"^make demo .*: a whole small study; (.+)$", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert f"a whole small study: {said}" in MAKEFILE
    for page in (ROOT / "examples" / "quickstart.ticket", ROOT / "docs" / "tutorial.md"):
        assert said in " ".join(page.read_text().replace("\n# ", " ").split())


def test_make_help_names_every_target():
    described = set(re.findall(r'^\t@echo "make (\w+)', MAKEFILE, re.MULTILINE))

    assert described == _targets() - {"help"}


@pytest.mark.parametrize("page", [*READMES, *DOCS], ids=name_of)
def test_specs_in_pages_are_in_the_canonical_form(page: Path):
    for text in re.findall(r"^```ticket\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        tree, malformed = parse(Source(page.name, text))
        assert not malformed
        assert tree is not None
        assert formatted(tree) == text


@pytest.mark.parametrize("page", READMES, ids=name_of)  # those of docs/ are followed when the site is built
def test_links_between_pages_lead_somewhere(page: Path):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())
    broken = [target for target in targets if not (page.parent / target).exists()]

    assert not broken, f"{page.relative_to(ROOT)} links to {', '.join(broken)}"


def test_every_promise_of_security_is_shown_by_a_test():
    rows = re.findall(r"^\| (?!promise)(.+) \| (.+) \|$", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)
    assert len(rows) > 20
    for promise, tests in rows:
        named = re.findall(r"`(\S+)::(\w+)`", tests)
        assert named, f"nothing shows that: {promise}"
        for file, test in named:
            found = re.search(rf"^def {test}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE)
            assert found, f"there is no {test} in tests/{file}"


# What the paper and its code compare, more differs in than the baseline names; and who runs it is told so.
CONFOUNDED = {
    "released": {"searched-otherwise", "more-than-its-factor"},
    "protocols": {"searched-otherwise", "more-than-its-factor"},
    "rewinding": {"more-than-its-factor"},
    "later_points": {"more-than-its-factor"},
    "standard": {"more-than-its-factor"},
}


def test_every_file_that_ships_is_a_study_or_is_used_by_one():
    used = {(spec.parent / name).resolve() for spec in SPECS for name in re.findall(r'use "(.+)"', spec.read_text())}

    assert set(FILES) == {*SPECS, *used}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_spec_that_ships_is_a_whole_study(spec: Path):
    checked = check(Source(str(spec), spec.read_text(), spec))

    assert {diagnostic.code for diagnostic in checked.diagnostics} == CONFOUNDED.get(spec.stem, set())
    assert checked.study is not None
    assert checked.study.tickets
    assert checked.study.claims or checked.study.report  # what is described is no claim


def test_what_is_imported_is_declared():
    """A library that comes along with another today may not come along tomorrow."""
    declared = {_plain_name(requirement) for requirement in PROJECT["dependencies"]}
    owners = packages_distributions()
    undeclared = [
        found
        for found in imports()
        if found.is_third_party and not declared & {_plain_name(owner) for owner in owners.get(found.distribution, ())}
    ]

    assert not undeclared, "\n".join(["add these to the dependencies in pyproject.toml:", *map(str, undeclared)])


def test_every_requirement_has_a_tested_version():
    extras = PROJECT["optional-dependencies"].values()
    required = {_plain_name(line) for lines in (PROJECT["dependencies"], *extras) for line in lines}
    pinned = {_plain_name(line) for line in _constraints()}

    assert required <= pinned, f"constraints.txt lacks {', '.join(sorted(required - pinned))}"


def test_constraints_are_exact_and_of_every_platform():
    inexact = [line for line in _constraints() if not re.fullmatch(r"[\w.-]+==[\w.]+", line)]

    assert not inexact, f"an exact version without a build's name is asked for: {', '.join(inexact)}"


def _targets() -> set[str]:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    return set(phony.split())


def _constraints() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _plain_name(requirement: str) -> str:
    """`scikit-learn>=1.4` is "scikit-learn", and `Jinja2==3.1` is "jinja2"."""
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()
