"""What stands around the code: it runs, and says what it is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from papercoder.artifacts import Claims, DataSources, OverallPlan, Requirements, SourceFile, Traceability
from papercoder.artifacts.design import Design
from papercoder.repository.config_text import to_yaml
from papercoder.repository.traceability import trace
from papercoder.stages.packaging import (
    bare_equipment,
    bare_readme,
    documents,
    equipment,
    package_markers,
    requirements_txt,
)
from tests.support import CONFIG, LOGIC, MAIN_PY, MODEL_PY, PAPER, PLAN, REQUIREMENTS, architecture, requirement

CODE = (SourceFile(path="model.py", text=MODEL_PY), SourceFile(path="main.py", text=MAIN_PY))


def design(requirements: Requirements = REQUIREMENTS) -> Design:
    return Design(PLAN, requirements, architecture(), LOGIC, CONFIG, Claims(), DataSources())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for file in (*CODE, *equipment(LOGIC, CODE)):
        (tmp_path / file.path).write_text(file.text)
    (tmp_path / "config.yaml").write_text(to_yaml(CONFIG))
    (tmp_path / "config.smoke.yaml").write_text(to_yaml(CONFIG, smoke=True))
    return tmp_path


def reproduce(repository: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["bash", str(repository / "reproduce.sh"), *arguments]
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable}
    return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [(), ("--smoke",)])
def test_the_script_runs_from_anywhere(repository: Path, arguments: tuple[str, ...]) -> None:
    ended = reproduce(repository, *arguments)
    assert (ended.returncode, ended.stdout) == (0, "The results are in results.json.\n")
    assert json.loads((repository / "results.json").read_text()) == {"results": [0.1]}


def test_the_script_says_how_it_is_used(repository: Path) -> None:
    ended = reproduce(repository, "--fast")
    assert ended.returncode == 2
    assert "usage: " in ended.stderr


@pytest.mark.parametrize("main", ["", "raise SystemExit(3)\n", 'open("results.json", "w").close()\n'])
def test_the_script_fails_where_there_are_no_results(repository: Path, main: str) -> None:
    (repository / "main.py").write_text(main)
    assert reproduce(repository).returncode != 0


def test_requirements_are_what_the_code_imports() -> None:
    assert requirements_txt(LOGIC.packages, CODE).splitlines()[0] == "pyyaml>=6.0"
    assert "# planned, but imported nowhere:\nnumpy>=1.26" in requirements_txt(LOGIC.packages, CODE)
    broken = SourceFile(path="model.py", text="def f(:\n")
    assert "pyyaml>=6.0" in requirements_txt(LOGIC.packages, (broken,))


def test_every_folder_with_code_is_a_package() -> None:
    paths = ("main.py", "src/model.py", "src/data/load.py", "pack/__init__.py", "tests/test_model.py")
    files = tuple(SourceFile(path=path, text="") for path in paths)
    assert package_markers(files) == ("src/__init__.py", "src/data/__init__.py")


def texts(requirements: Requirements = REQUIREMENTS) -> dict[str, str]:
    of = design(requirements)
    traced = trace(of.requirements, of.architecture, CODE)
    return {file.path: file.text for file in documents(PAPER, of, traced)}


def test_the_readme_says_what_is_what_and_what_is_open() -> None:
    assumed = requirement("R3", statement="Five seeds.", status="assumed", alternatives=("three",))
    text = texts(Requirements(items=(*REQUIREMENTS.items, assumed)))["README.md"]
    for words in (
        f"# {PAPER.title}",
        PLAN.summary,
        "./reproduce.sh --smoke",
        "- `model.py`: Holds model.",
        "- R3: Five seeds. (alternatives: three)",
        "- `seed` is 0 (alternatives: 1)",
        "Without an owner: R3.",
    ):
        assert words in text


def test_a_readme_without_requirements_says_so() -> None:
    assert "Requirements were not extracted in this profile." in texts(Requirements(items=()))["README.md"]


def test_what_is_not_traced_has_no_table() -> None:
    written = texts(Requirements(items=()))
    assert list(written) == ["README.md"]
    assert "TRACEABILITY" not in written["README.md"]


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
def test_bare_code_is_told_itself_that_it_is_a_smoke_run(
    tmp_path: Path, arguments: tuple[str, ...], given: str
) -> None:
    for file in (*BARE[:1], *bare_equipment((), BARE)):
        (tmp_path / file.path).parent.mkdir(exist_ok=True)
        (tmp_path / file.path).write_text(file.text)
    assert reproduce(tmp_path, *arguments).returncode == 0
    assert (tmp_path / "results.json").read_text() == given
    assert reproduce(tmp_path, "--fast").returncode == 2


def test_bare_code_gets_what_it_needs_and_no_more() -> None:
    assert [file.path for file in bare_equipment((), BARE)] == ["requirements.txt", "reproduce.sh", ".gitignore"]
    assert [file.path for file in bare_equipment((), CODE[:1])] == ["requirements.txt", ".gitignore"]


@pytest.mark.parametrize("plan", [None, PLAN])
def test_the_readme_of_bare_code_says_what_is_known(plan: OverallPlan | None) -> None:
    text = bare_readme(PAPER, plan, (*BARE, SourceFile(path="model.py", text="def f(:\n"))).text
    for words in (
        f"# {PAPER.title}",
        "./reproduce.sh --smoke",
        "- `main.py`: Writes what it was given.\n- `data/list.yaml`\n- `model.py`\n",
        "Requirements were not extracted in this profile. This profile neither reviews the code nor runs it.",
    ):
        assert words in text
    assert (PLAN.summary in text) == (plan is not None)
    assert "config.yaml" not in text
    assert "TRACEABILITY" not in text


def test_the_traceability_is_for_people_and_machines() -> None:
    written = texts()
    assert "[model.py:2](model.py#L2)" in written["TRACEABILITY.md"]
    assert Traceability.model_validate_json(written["TRACEABILITY.json"]).unmarked == ()
