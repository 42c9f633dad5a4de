"""The packages that a repository declares in its requirements files or its `pyproject.toml`."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from papercoder.stages.checking.repository import Tree

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
