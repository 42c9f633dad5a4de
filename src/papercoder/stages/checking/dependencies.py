"""Packages that the code imports against packages that the repository asks for."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from papercoder.artifacts.checking import Finding
from papercoder.repository.packages import carriers, distribution_of, imported_as, is_used_unseen, package_problem
from papercoder.stages.checking.declared import Declared, Line, declared
from papercoder.stages.checking.findings import error, warning
from papercoder.stages.checking.imported import Site, import_sites
from papercoder.stages.checking.index import Index, index
from papercoder.stages.checking.local_imports import missing_module
from papercoder.stages.checking.repository import Module, Tree

_CHECK = "dependencies"


@dataclass(frozen=True)
class _Use:
    """A package that a module imports."""

    name: str
    module: Module
    site: Site

    @property
    def is_needed(self) -> bool:
        """Does the code fail without it?"""
        return not (self.site.is_guarded or self.site.is_for_types)


def check_dependencies(tree: Tree) -> Iterator[Finding]:
    """Imports that no line brings, lines that no import needs, and lines that are wrong."""
    known, needs = index(tree), declared(tree)
    uses = [use for module in tree.modules for use in _uses(module, known)]
    yield from _missing(uses, needs, known)
    yield from _hidden(needs, known)
    if needs.lines and needs.lines[0].path != "pyproject.toml":
        yield from (finding for line in needs.lines for finding in _wrong(line))
        yield from _unused(uses, needs)


_TEST_RUNNER = "pytest"
"""Whoever runs the tests brings it."""


def _uses(module: Module, known: Index) -> Iterator[_Use]:
    for site in import_sites(module.tree):
        for name in site.modules:
            top = name.partition(".")[0]
            foreign = top not in sys.stdlib_module_names and top not in {"__future__", known.package}
            if foreign and not known.is_local(name, module) and not missing_module(name, module, known):
                yield _Use(name, module, site)


def _missing(uses: list[_Use], needs: Declared, known: Index) -> Iterator[Finding]:
    there = {line.name for line in needs.lines}
    told = set()
    if not needs.is_complete or (known.package and not needs.lines):
        return
    for use in uses:
        top = use.name.partition(".")[0]
        brought = use.module.is_test and top == _TEST_RUNNER
        if use.is_needed and not brought and top not in told and not there & carriers(use.name):
            told.add(top)
            say = warning if use.module.is_test else error
            message = f"`{use.name}` is imported, but requirements.txt has no line for it."
            advice = f"Add `{distribution_of(top)}` to requirements.txt, or do without it."
            yield say(_CHECK, str(use.module.path), use.site.line, message, advice)


def _hidden(needs: Declared, known: Index) -> Iterator[Finding]:
    """Modules at the root that hide a package that is asked for."""
    packages = {imported_as(line.text): line for line in needs.lines if line.name and not line.is_address}
    for name, module in known.modules.items():
        if known.is_strict and name in packages:
            message = f"It hides the package `{packages[name].name}`, which requirements.txt asks for."
            yield error(_CHECK, str(module.path), 1, message, "Rename the file, and the imports of it.")


def _wrong(line: Line) -> Iterator[Finding]:
    if line.is_address:
        message = f"`{line.text[:80]}` is installed from an address."
        yield warning(_CHECK, line.path, line.number, message, "Name a package and a version.")
    elif complaint := package_problem(line.text):
        yield error(_CHECK, line.path, line.number, complaint, "Correct the line, or remove it.")


def _unused(uses: list[_Use], needs: Declared) -> Iterator[Finding]:
    brought = {name for use in uses for name in carriers(use.name)}
    for line in needs.lines:
        if line.name and not line.is_address and line.name not in brought and not is_used_unseen(line.name):
            message = f"`{line.name}` is asked for, but nothing imports it."
            yield warning(_CHECK, line.path, line.number, message, "Remove the line, unless it is used unseen.")
