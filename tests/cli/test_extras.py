"""Commands whose optional packages are not installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import SIMULATED

MANIFEST = f"""\
name: tiny
papers: [{{id: tiny, paper: paper.md}}]
models: ["{SIMULATED}"]
"""


def without(module: str, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """`papercoder` where a module cannot be imported."""
    code = f"import sys; sys.modules[{module!r}] = None; from papercoder.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("module", ["fastapi", "nicegui", "uvicorn"])
def test_the_page_names_its_extra(module: str, tmp_path: Path) -> None:
    ended = without(module, "web", "--no-browser", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "papercoder: The page needs the extra `web`: pip install 'papercoder[web]'.\n"


def test_the_mcp_server_names_its_extra(tmp_path: Path) -> None:
    ended = without("mcp.server", "mcp", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "papercoder: The MCP server needs the extra `mcp`: pip install 'papercoder[mcp]'.\n"


def test_a_cluster_names_its_extra(paper_file: Path) -> None:
    (paper_file.parent / "manifest.yaml").write_text(MANIFEST, encoding="utf-8")
    ended = without("ray", "bench", "manifest.yaml", "--on", "ray", folder=paper_file.parent)
    assert ended.returncode == 2
    assert ended.stderr == "papercoder: --on ray needs the extra `ray`: pip install 'papercoder[ray]'.\n"
