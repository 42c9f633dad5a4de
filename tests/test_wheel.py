"""The wheel contains everything that PaperCoder needs, and works in an environment of its own."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.support import tree, without_tests

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with PaperCoder installed from its wheel.

    Tests have no network, so the dependencies are those of the current environment. `.ci/run` installs them too.
    """
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "environment", symlinks=True)
    python = folder / "environment" / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    run(uv, "pip", "install", "--offline", "--no-index", "--no-deps", "--python", python, wheel, cwd=folder)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "environment" / "lib" / version / "site-packages"
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "environment"


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints, which must end with exit code 0."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    ended = subprocess.run(command, cwd=cwd, env=inherited, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_package_is_that_of_the_wheel(environment: Path, tmp_path: Path) -> None:
    code = "import papercoder; print(papercoder.__file__)"
    where = Path(run(environment / "bin" / "python", "-c", code, cwd=tmp_path).strip())
    assert where.is_relative_to(environment)
    assert (where.parent / "py.typed").is_file()
    assert (where.parent / "mcp" / "skill" / "papercoder" / "SKILL.md").is_file()
    assert list(environment.rglob("papercoder-*.dist-info/licenses/LICENSE"))


def test_the_version_is_shown(environment: Path, tmp_path: Path) -> None:
    assert run(environment / "bin" / "papercoder", "--version", cwd=tmp_path).startswith("papercoder ")


def test_the_demo_writes_the_repository_of_the_example(environment: Path, tmp_path: Path) -> None:
    shown = run(environment / "bin" / "papercoder", "demo", "--sandbox", "none", cwd=tmp_path)
    assert "complete" in shown
    made, expected = tree(tmp_path / "runs" / "kiln" / "repo"), tree(ROOT / "examples" / "kiln" / "repository")
    assert made.keys() == expected.keys()
    assert without_tests(made) == without_tests(expected)
    assert (tmp_path / "runs" / "kiln" / "report.html").is_file()
