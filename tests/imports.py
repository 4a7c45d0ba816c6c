"""Who imports whom, read from the source with `ast`: nothing is executed."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parent.parent
PACKAGES = ("ticketlang", "runtime")


@frozen(kw_only=True)
class Import:
    """One module's import of another, which may be of the project or not."""

    importer: str  # such as "runtime.store.disk"
    imported: str  # such as "torch.nn", or a name inside a module: "ticketlang.study.Task"
    line: int
    is_late: bool  # inside a function, or for the type checker alone
    is_relative: bool

    @property
    def distribution(self) -> str:
        return self.imported.split(".")[0]

    @property
    def is_third_party(self) -> bool:
        return self.distribution not in (*PACKAGES, *sys.stdlib_module_names)

    def __str__(self) -> str:
        return f"{self.importer} (line {self.line}) imports {self.imported}"


def modules() -> dict[str, Path]:
    """Every module of both packages."""
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imports() -> list[Import]:
    """Every import of both packages."""
    return [found for name, file in sorted(modules().items()) for found in imports_of(name, file)]


def imports_of(module: str, file: Path) -> Iterator[Import]:
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    yield from _imports_in(ast.parse(file.read_text()), module, package, is_late=False)


def _imports_in(parent: ast.AST, module: str, package: str, is_late: bool) -> Iterator[Import]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.Import | ast.ImportFrom):
            is_relative = isinstance(node, ast.ImportFrom) and node.level > 0
            for name in _names(node, package):
                yield Import(importer=module, imported=name, line=node.lineno, is_late=is_late, is_relative=is_relative)
        else:
            yield from _imports_in(node, module, package, is_late or _runs_late(node))


def _names(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[str]:
    """Full names: `from .study import Task` in ticketlang/jobs.py is "ticketlang.study.Task"."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    above = package.split(".")[: -(node.level - 1) or None] if node.level else []
    origin = [*above, *([node.module] if node.module else [])]
    yield from (".".join([*origin, alias.name]) for alias in node.names)


def _runs_late(node: ast.AST) -> bool:
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    return is_function or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))


def is_within(name: str, part: str) -> bool:
    """Whether a module, or a name in it, is of a part: "runtime.store.disk" is within "runtime.store"."""
    return name == part or name.startswith(f"{part}.")
