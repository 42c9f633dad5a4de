"""Every import of a module: when it runs, and whether its failure is expected."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from papercoder.stages.checking.nodes import Function, blocks, dotted, is_main_guard

_IMPORT_FAILURES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True)
class ImportSite:
    """An import statement and its context."""

    node: ast.Import | ast.ImportFrom
    is_deferred: bool = False
    """Inside a function or below the main guard: it runs later or never."""

    is_guarded: bool = False
    """Inside a `try` that catches its failure."""

    is_for_types: bool = False
    """Below `if TYPE_CHECKING`: it never runs."""

    @property
    def line(self) -> int:
        """Counted from 1."""
        return self.node.lineno

    @property
    def modules(self) -> tuple[str, ...]:
        """The dotted names of absolutely imported modules."""
        if isinstance(self.node, ast.Import):
            return tuple(alias.name for alias in self.node.names)
        return (self.node.module,) if self.node.module and not self.node.level else ()


@dataclass(frozen=True)
class _Place:
    is_deferred: bool = False
    is_guarded: bool = False
    is_for_types: bool = False


def import_sites(tree: ast.Module) -> Iterator[ImportSite]:
    """All imports of a module, in order."""
    yield from _sites(tree.body, _Place())


def _sites(body: list[ast.stmt], place: _Place) -> Iterator[ImportSite]:
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield ImportSite(statement, place.is_deferred, place.is_guarded, place.is_for_types)
        elif isinstance(statement, Function):
            yield from _sites(statement.body, replace(place, is_deferred=True))
        elif isinstance(statement, ast.ClassDef):
            yield from _sites(statement.body, place)
        else:
            inner = _below(statement, place)
            for block in blocks(statement):
                yield from _sites(block, inner)


def _below(statement: ast.stmt, place: _Place) -> _Place:
    if isinstance(statement, ast.Try) and any(_expects_failure(handler) for handler in statement.handlers):
        return replace(place, is_guarded=True)
    if isinstance(statement, ast.If) and dotted(statement.test).rpartition(".")[2] == "TYPE_CHECKING":
        return replace(place, is_for_types=True)
    if is_main_guard(statement):
        return replace(place, is_deferred=True)
    return place


def _expects_failure(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(dotted(kind) in _IMPORT_FAILURES for kind in kinds)
