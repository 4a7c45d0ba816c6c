"""The site's pages of reference and design, made from the sources whenever it is built: a hook of MkDocs."""

from collections.abc import Callable, Mapping
from pathlib import Path

from generated.evidence import certificates, rules
from generated.language import diagnostics, grammar, libraries
from generated.program import commands, python
from generated.vocabulary import vocabulary
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent

# Whose READMEs are pages of the design, as they stand.
PACKAGES = ("ticketlang", "runtime")

PAGES: Mapping[str, Callable[[], str]] = {
    "vocabulary": vocabulary,
    "grammar": grammar,
    "libraries": libraries,
    "diagnostics": diagnostics,
    "rules": rules,
    "certificates": certificates,
    "commands": commands,
    "python": python,
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages to those that are written by hand. MkDocs calls it by this name."""
    for name, page in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=page()))
    for package in PACKAGES:
        text = (ROOT / package / "README.md").read_text(encoding="utf-8")
        files.append(File.generated(config, f"design/{package}.md", content=text))
    return files
