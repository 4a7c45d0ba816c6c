"""A report for papers: files that TeX reads, names that stay names, figures that are PDF."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from attrs import evolve
from reported import EVIL, wanted, write

from runtime.reports.writers.latex import _stem, latex_files
from runtime.reports.writers.latex.text import escaped


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return dict(latex_files(write(tmp_path_factory.mktemp("latex") / "store", wanted())))


def test_the_document_names_files_that_are_there(files: dict[str, bytes]) -> None:
    document = files["report.tex"].decode()
    named = re.findall(r"\\input\{(.+?)\}", document)
    pictures = [name for path in files if path.startswith("figures/") and path.endswith(".tex")
                for name in re.findall(r"\\includegraphics.*?\{(.+?)\}", files[path].decode())]  # fmt: skip

    assert len(named) > 10
    assert {f"{name}.tex" for name in named} <= files.keys()
    assert pictures
    assert set(pictures) <= files.keys()
    assert set(files) == {"report.tex", *(f"{name}.tex" for name in named), *pictures}


def test_tables_are_in_booktabs_with_as_many_columns_as_they_say(files: dict[str, bytes]) -> None:
    tables = [content.decode() for path, content in files.items() if path.startswith("tables/")]

    for table in tables:
        assert [table.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 1, 1]
        (kinds,) = re.findall(r"\\begin\{(?:tabular|longtable)\}\{([lr]+)\}", table)
        rows = [line for line in table.splitlines() if line.endswith(r" \\")]
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(kinds) - 1}
    assert any(r"\cellcolor{ticket" in table for table in tables)


def test_figures_are_pdf_and_the_same_each_time(files: dict[str, bytes], tmp_path: Path) -> None:
    pictures = {path: content for path, content in files.items() if path.endswith(".pdf")}

    assert all(content.startswith(b"%PDF-") for content in pictures.values())
    again = latex_files(write(tmp_path / "store", wanted()))
    assert {path: again[path] for path in pictures} == pictures


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Matching imp at 80%: other targets on which the ticket of a source matches",
         "matching-imp-at-80-other-targets-on-which-the-ticket-of-a"),
        ("a" * 59 + " b c", "a" * 59),
        ("a" * 58 + " b c", "a" * 58 + "-b"),
        ("a" * 80, "a" * 60),
        ("%", "table"),
    ],
)  # fmt: skip
def test_names_of_files_end_where_words_do(name: str, stem: str) -> None:
    assert _stem(name, {}) == stem
    assert _stem(name, {f"tables/{stem}.tex": b""}) == f"{stem}-2"


def test_notes_keep_their_distance_from_the_table(files: dict[str, bytes]) -> None:
    told = [text for path, content in files.items() if path.startswith("tables/")
            if "\\footnotesize\n" in (text := content.decode())]  # fmt: skip

    assert len(told) > 3
    assert all(re.search(r"\\end\{adjustbox\}\n\\par\\medskip\\footnotesize\n", text)
               for text in told if r"\begin{tabular}" in text)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("a_b & 50% of $x$ #1", r"a\_b \& 50\% of \$x\$ \#1"),
        ("98.07 ± 0.61", r"98.07 $\pm$ 0.61"),
        ("--html", "-{}-html"),
        ("\x1b[2J", r"\textbackslash{}x1b[2J"),
    ],
)
def test_names_are_text_for_tex(text: str, shown: str) -> None:
    assert escaped(text) == shown


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex here")
def test_tex_reads_it(tmp_path: Path) -> None:
    """Whatever a study calls its claims."""
    base = wanted()
    evil = evolve(
        base, question=EVIL, claims=tuple(evolve(c, name=r"\oops{" + EVIL, sentence=EVIL) for c in base.claims)
    )
    for path, content in latex_files(
        write(tmp_path / "store", evil, text="# $\\\\ } {\nstudy s {\n    x _ ^ ~\n}\n")
    ).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)

    assert ran.returncode == 0, ran.stdout[-2000:]
    assert (tmp_path / "report.pdf").stat().st_size > 20_000
