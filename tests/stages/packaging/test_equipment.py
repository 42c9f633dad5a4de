"""The files around the code: a repository runs with them, in an environment of its own or in a given one."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from papercoder.artifacts import Claims, DataSources, SourceFile
from papercoder.artifacts.design import Design
from papercoder.repository.config_text import to_yaml
from papercoder.stages.execution.files import write_files
from papercoder.stages.packaging.equipment import bare_equipment, equipment, package_markers, requirements_txt
from tests.scripted import CODE, DESIGN
from tests.support import CONFIG, LOGIC, PLAN, REQUIREMENTS, architecture

UV = Path(sys.executable).with_name("uv")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    configuration = (
        SourceFile(path="config.yaml", text=to_yaml(CONFIG)),
        SourceFile(path="config.smoke.yaml", text=to_yaml(CONFIG, smoke=True)),
    )
    write_files((*CODE, *configuration, *equipment(DESIGN, CODE)), folder)
    (folder / "requirements.txt").write_text("pyyaml>=6.0\n")
    return folder


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with a wheel of PyYAML, made of the installed one."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    package, info = Path(yaml.__file__).parent, "PyYAML-6.0.3.dist-info"
    with zipfile.ZipFile(folder / "PyYAML-6.0.3-py3-none-any.whl", "w") as wheel:
        for path in package.glob("*.py"):
            wheel.write(path, f"yaml/{path.name}")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: PyYAML\nVersion: 6.0.3\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return folder


def reproduce(repository: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the script from another folder, with these environment variables alone."""
    set_variables = [f"{name}={value}" for name, value in {"PATH": "/usr/bin:/bin", **environment}.items()]
    command = ["env", "-i", *set_variables, "bash", str(repository / "reproduce.sh"), *arguments]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, timeout=200)


def test_the_script_uses_a_given_python(repository: Path) -> None:
    ended = reproduce(repository, "--smoke", PYTHON=sys.executable)
    assert ended.returncode == 0, ended.stderr
    (row,) = json.loads((repository / "results/smoke/results.json").read_text())["results"]
    assert (row["method"], row["metric"], row["mean"]) == ("TinyFit", "error", pytest.approx(0.1))
    assert not (repository / "results.json").exists()
    assert not (repository / ".venv").exists()
    assert reproduce(repository, PYTHON=sys.executable).returncode == 0
    assert "# Results" in (repository / "results.md").read_text()


def tools(tmp_path: Path, *programs: Path) -> Mapping[str, str]:
    """The variables of a machine with Python and these programs, and no package index."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python3").symlink_to(os.path.realpath(sys.executable))
    for program in programs:
        (folder / program.name).symlink_to(program)
    cache = str(tmp_path / "cache")
    return {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(tmp_path), "UV_CACHE_DIR": cache, "PIP_NO_CACHE_DIR": "1"}


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_the_script_sets_up_its_own_environment(repository: Path, wheels: Path, tmp_path: Path, tool: str) -> None:
    (repository / "requirements.lock").write_text("pyyaml==6.0.3\n")
    (repository / "requirements.txt").write_text("not-in-the-lock\n")
    offline = {
        "pip": {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)},
        "uv": {"UV_OFFLINE": "1", "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(wheels), "UV_PYTHON_DOWNLOADS": "never"},
    }[tool]
    variables = {**tools(tmp_path, *([UV] if tool == "uv" else [])), **offline}
    ended = reproduce(repository, "--smoke", **variables)
    assert ended.returncode == 0, ended.stderr
    assert (repository / ".venv/bin/python").exists()
    assert json.loads((repository / "results/smoke/results.json").read_text())["results"]


def test_the_script_ends_with_the_code_of_the_trials(repository: Path) -> None:
    path = repository / "tinyfit/model.py"
    path.write_text(path.read_text().replace("return w * x", "raise ValueError('no')"))
    ended = reproduce(repository, PYTHON=sys.executable)
    assert ended.returncode == 1
    assert re.search(r"1 failed; main-tinyfit-dots-0-\w{6}: ValueError: no$", ended.stderr.rstrip())


def test_claims_are_written_with_their_names(repository: Path) -> None:
    assert json.loads((repository / "claims.json").read_text()) == {"claims": []}


def test_requirements_are_what_the_code_imports() -> None:
    runner = next(file for file in equipment(DESIGN, CODE) if file.path == "trials.py")
    assert requirements_txt(LOGIC.packages, (*CODE, runner)).splitlines()[0] == "pyyaml>=6.0"
    assert "# planned, but imported nowhere:\nnumpy>=1.26" in requirements_txt(LOGIC.packages, (*CODE, runner))
    broken = SourceFile(path="model.py", text="def f(:\n")
    assert "pyyaml>=6.0" in requirements_txt(LOGIC.packages, (broken,))
    without = Design(
        PLAN, REQUIREMENTS, architecture(), LOGIC.model_copy(update={"packages": ()}), CONFIG, Claims(), DataSources()
    )
    assert {file.path: file.text for file in equipment(without, CODE)}["requirements.txt"].lower() == "pyyaml\n"


def test_every_folder_with_code_is_a_package() -> None:
    paths = ("main.py", "src/model.py", "src/data/load.py", "pack/__init__.py", "tests/test_model.py")
    files = tuple(SourceFile(path=path, text="") for path in paths)
    assert package_markers(files) == ("src/__init__.py", "src/data/__init__.py")


BARE_PY = """\
'''Writes what it was given.

And more.
'''
import sys

with open("results.json", "w") as file:
    file.write(" ".join(sys.argv[1:]) or "full")
"""
BARE = (SourceFile(path="main.py", text=BARE_PY), SourceFile(path="data/list.yaml", text="a: 1\n"))


@pytest.mark.parametrize(("arguments", "given"), [((), "full"), (("--smoke",), "--smoke")])
def test_bare_code_gets_the_option_of_the_script(tmp_path: Path, arguments: tuple[str, ...], given: str) -> None:
    write_files((*BARE, *bare_equipment((), BARE)), tmp_path)
    assert reproduce(tmp_path, *arguments, PYTHON=sys.executable).returncode == 0
    assert (tmp_path / "results.json").read_text() == given
    assert reproduce(tmp_path, "--fast", PYTHON=sys.executable).returncode == 2


@pytest.mark.parametrize("main", ["", "raise SystemExit(3)\n", 'open("results.json", "w").close()\n'])
def test_the_script_of_bare_code_fails_if_there_are_no_results(tmp_path: Path, main: str) -> None:
    write_files((*bare_equipment((), BARE), SourceFile(path="main.py", text=main)), tmp_path)
    assert reproduce(tmp_path, PYTHON=sys.executable).returncode != 0


def test_bare_code_gets_what_it_needs_and_no_more() -> None:
    assert [file.path for file in bare_equipment((), BARE)] == ["requirements.txt", "reproduce.sh", ".gitignore"]
    assert [file.path for file in bare_equipment((), CODE[:1])] == [
        "requirements.txt",
        ".gitignore",
        "tinyfit/__init__.py",
    ]
