from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder.artifacts.coding import CheckReport, Finding
from papercoder.stages.checking import CHECKS, check
from papercoder.stages.checking.repository import read_tree

GOOD = Path(__file__).parents[2] / "data" / "good_repository"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a repository of these texts."""

    def make(files: dict[str, str]) -> Path:
        root = tmp_path / "repository"
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    return make


@pytest.fixture(scope="session")
def good() -> CheckReport:
    return check(GOOD)


def found(root: Path, name: str) -> list[tuple[str, int, str]]:
    """Path, line and severity of what one check says."""
    return [(one.path, one.line, one.severity) for one in only(root, name)]


def only(root: Path, name: str) -> list[Finding]:
    """What one check says. The others, of which some start programs, do not run."""
    if name == "calls":  # what other checks found does not appear again
        return [one for one in check(root).findings if one.check == name]
    findings = dict(CHECKS)[name](read_tree(root))
    return sorted((one for one in findings if one.check == name), key=lambda one: (one.severity, one.path, one.line))
