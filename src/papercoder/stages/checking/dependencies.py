"""Compares the packages that the code imports with those that the repository requires."""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from papercoder.artifacts.coding import Finding, error, warning
from papercoder.repository.packages import (
    distribution_of,
    foreign,
    imported_as,
    imported_modules,
    is_brought,
    is_used_unseen,
    name_problem,
    package_problem,
    popular_name_meant,
    without_wheels,
)
from papercoder.stages.checking.definitions import Index, index
from papercoder.stages.checking.imports import ImportSite, import_sites, missing_module
from papercoder.stages.checking.repository import Module, Tree

_ADDRESS = re.compile(r"(git\+|https?://|file:|\.{0,2}/)")
_ELSEWHERE = frozenset({"setup.py", "setup.cfg", "environment.yml", "environment.yaml", "Pipfile", "conda.yaml"})


@dataclass(frozen=True)
class RequirementLine:
    """A line that requires a package."""

    path: str
    number: int
    text: str

    @property
    def is_address(self) -> bool:
        """Whether it names a URL or a folder instead of a package."""
        return bool(_ADDRESS.match(self.text)) or " @ " in self.text

    @property
    def name(self) -> str | None:
        """The canonical name of the distribution, guessed from a URL; None if the line is not valid."""
        try:
            return canonicalize_name(Requirement(self.text).name)
        except InvalidRequirement:
            return self._from_address() if self.is_address else None

    def _from_address(self) -> str:
        last = PurePosixPath(re.split(r"[@#]", self.text)[0]).name
        name = self.text.partition("#egg=")[2] or last.removesuffix(".git")
        return canonicalize_name(name.partition("-")[0] if last.endswith(".whl") else name)


@dataclass(frozen=True)
class DeclaredDependencies:
    """All read_dependencies packages."""

    lines: tuple[RequirementLine, ...]
    is_complete: bool
    """False if the repository declares packages in a file that is not read here, such as `environment.yml`."""


def read_dependencies(tree: Tree) -> DeclaredDependencies:
    """Read the requirements files at the root and in `requirements/`, or else `pyproject.toml`."""
    names = sorted(name for name in tree.files if _is_requirements_file(PurePosixPath(name)))
    lines = [line for name in names for line in _lines(name, tree.text(name) or "")]
    if not names and (text := tree.text("pyproject.toml")):
        lines = _of_project(text)
    return DeclaredDependencies(tuple(lines), bool(names) or not (_ELSEWHERE & tree.files))


def _is_requirements_file(path: PurePosixPath) -> bool:
    folder = str(path.parent)
    if path.suffix != ".txt" or folder not in {".", "requirements"}:
        return False
    return folder == "requirements" or path.name.startswith("requirements")


def _lines(path: str, text: str) -> list[RequirementLine]:
    found, joined = [], ""
    for number, raw in enumerate(text.splitlines(), start=1):
        joined += re.split(r"(?:^|\s)#", raw)[0].strip()
        if joined.endswith("\\"):
            joined = joined[:-1]
            continue
        line = re.split(r"\s--", joined)[0].strip()
        if line and not line.startswith("-"):
            found.append(RequirementLine(path, number, line))
        joined = ""
    return found


def _of_project(text: str) -> list[RequirementLine]:
    try:
        project = tomllib.loads(text).get("project", {})
    except tomllib.TOMLDecodeError:
        return []
    extras = project.get("optional-dependencies", {})
    every = [*project.get("dependencies", ()), *(line for extra in extras.values() for line in extra)]
    return [RequirementLine("pyproject.toml", _where(line, text), line) for line in every if isinstance(line, str)]


def _where(line: str, text: str) -> int:
    return text.count("\n", 0, max(text.find(line), 0)) + 1


_CHECK = "dependencies"


@dataclass(frozen=True)
class _Use:
    """A third-party module that a file imports."""

    name: str
    module: Module
    site: ImportSite

    @property
    def is_needed(self) -> bool:
        """Whether the code fails without it."""
        return not (self.site.is_guarded or self.site.is_for_types)


def check_dependencies(tree: Tree) -> Iterator[Finding]:
    """Find imports without a requirement, unused requirements, and wrong requirements."""
    known, needs = index(tree), read_dependencies(tree)
    uses = [use for module in tree.modules for use in _uses(module, known)]
    yield from _missing(uses, needs, known)
    yield from _hidden(needs, known)
    yield from (finding for line in needs.lines for finding in _uninstallable(line))
    if needs.lines and needs.lines[0].path != "pyproject.toml":
        yield from (finding for line in needs.lines for finding in _wrong(line))
        yield from _unused(uses, needs)


_TEST_RUNNER = "pytest"
"""The test runner is installed with the tests."""


def _uses(module: Module, known: Index) -> Iterator[_Use]:
    for site in import_sites(module.tree):
        for name in imported_modules(site.node):
            top = name.partition(".")[0]
            is_other = top not in sys.stdlib_module_names and top not in {"__future__", known.package}
            if is_other and not any(_is_ours(each, module, known) for each in site.modules):
                yield _Use(name, module, site)


def _is_ours(name: str, module: Module, known: Index) -> bool:
    return known.is_local(name, module) or bool(missing_module(name, module, known))


def _missing(uses: list[_Use], needs: DeclaredDependencies, known: Index) -> Iterator[Finding]:
    there = {line.name for line in needs.lines if line.name}
    reported = set()
    if not needs.is_complete or (known.package and not needs.lines):
        return
    for use in uses:
        is_runner = use.module.is_test and use.name == _TEST_RUNNER
        if use.is_needed and not is_runner and use.name not in reported and not is_brought(use.name, there):
            reported.add(use.name)
            say = warning if use.module.is_test else error
            message = f"`{use.name}` is imported, but requirements.txt does not list it."
            advice = foreign(use.name) or f"Add `{distribution_of(use.name)}` to requirements.txt, or do not import it."
            yield say(_CHECK, str(use.module.path), use.site.line, message, advice)


def _hidden(needs: DeclaredDependencies, known: Index) -> Iterator[Finding]:
    """Modules at the root that hide a required package."""
    packages = {imported_as(line.text): line for line in needs.lines if line.name and not line.is_address}
    for name, module in known.modules.items():
        if known.is_strict and name in packages:
            message = f"This file hides the package `{packages[name].name}`, which requirements.txt lists."
            yield error(_CHECK, str(module.path), 1, message, "Rename the file and its imports.")


def _wrong(line: RequirementLine) -> Iterator[Finding]:
    if line.is_address:
        message = f"`{line.text[:80]}` is installed from a URL."
        yield warning(_CHECK, line.path, line.number, message, "Use a package name and a version.")
    elif problem := package_problem(line.text):
        yield error(_CHECK, line.path, line.number, problem, "Correct the line, or remove it.")


def _uninstallable(line: RequirementLine) -> Iterator[Finding]:
    """Requirements that install another project or cannot be installed."""
    if line.is_address or not line.name:
        return
    if foreign(line.name):
        message = f"`{line.name}` on PyPI is not the package that research code usually imports under this name."
        yield warning(_CHECK, line.path, line.number, message, foreign(line.name) or "")
    elif meant := popular_name_meant(line.name):
        message = f"`{line.name}` is not a well-known package, but is one edit away from `{meant}`."
        advice = f"If `{meant}` is meant, correct the name; otherwise check who publishes `{line.name}`."
        yield warning(_CHECK, line.path, line.number, message, advice)
    elif problem := name_problem(line.name):
        yield error(_CHECK, line.path, line.number, problem, "Correct the name.")
    elif alternative := without_wheels(line.name):
        message = f"`{line.name}` has no wheels, and the install step does not build packages."
        advice = f"Use `{alternative}`, or remove it."
        yield error(_CHECK, line.path, line.number, message, advice)


def _unused(uses: list[_Use], needs: DeclaredDependencies) -> Iterator[Finding]:
    for line in needs.lines:
        if not line.name or line.is_address or name_problem(line.name) or is_used_unseen(line.name):
            continue
        if not any(is_brought(use.name, {line.name}) for use in uses):
            message = f"`{line.name}` is required, but nothing imports it."
            yield warning(
                _CHECK,
                line.path,
                line.number,
                message,
                "Remove the line, unless it is used without an import.",
            )
