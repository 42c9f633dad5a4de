"""The documentation as a site: built strictly, complete, and readable from disk."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from papercoder.cli import app

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_command_and_option_is_there(site: Path) -> None:
    page = (site / "commands.html").read_text(encoding="utf-8")
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    for name, command in root.commands.items():
        assert f"papercoder {name}" in page
        for option in (option for parameter in command.params for option in parameter.opts if option.startswith("--")):
            assert option in page, f"{name} {option}"


def test_every_public_name_is_there(site: Path) -> None:
    page = (site / "api.html").read_text(encoding="utf-8")
    import papercoder

    assert [name for name in papercoder.__all__ if f'id="papercoder.{name}"' not in page] == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loaded = re.compile(
        r"<(?:script|img|iframe)[^>]+src=[\"']?(?:https?:)?//|<link[^>]+(?:stylesheet|preconnect)[^>]*//"
    )
    assert [page.name for page in site.rglob("*.html") if loaded.search(page.read_text(encoding="utf-8"))] == []
