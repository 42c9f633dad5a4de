"""The files around the code: a repository runs with them, in an environment of its own or in a given one."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from papercoder.artifacts import Claims, DataSources, OverallPlan, Requirements, SourceFile, Traceability
from papercoder.artifacts.design import Design
from papercoder.repository.config_text import to_yaml
from papercoder.repository.traceability import trace
from papercoder.stages.execution.execute import write_files
from papercoder.stages.packaging import bare_readme, documents
from papercoder.stages.packaging.files import bare_equipment, equipment, package_markers, requirements_txt
from tests.datasets.servers import source
from tests.scripted import CODE, DESIGN
from tests.support import CONFIG, LOGIC, PAPER, PLAN, REQUIREMENTS, architecture, requirement

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


def texts(requirements: Requirements = REQUIREMENTS, title: str = PAPER.title) -> dict[str, str]:
    of = replace(DESIGN, requirements=requirements)
    traced = trace(of.requirements, of.architecture, CODE)
    paper = PAPER.model_copy(update={"title": title})
    return {file.path: file.text for file in documents(paper, of, traced)}


def test_the_readme_says_how_to_run_it_and_what_is_open() -> None:
    assumed = requirement("R3", statement="Five seeds.", status="assumed", alternatives=("three",))
    text = texts(Requirements(items=(*REQUIREMENTS.items, assumed)))["README.md"]
    for words in (
        f"# {PAPER.title}",
        PLAN.summary,
        "./reproduce.sh --smoke",
        "python -m pytest tests",
        "- `tinyfit/model.py`: Holds model.",
        "- R3: Five seeds. (alternatives: three)",
        "- `seed` is 0 (alternatives: 1)",
        "Without an owner: R3.",
    ):
        assert words in text


def test_the_readme_says_how_to_get_the_data() -> None:
    sources = (
        source(name="dots", licence="MIT"),
        source(name="net", kind="hf_model", id="someone/net", revision="v2"),
        source(name="labels", kind="url", id="https://example.org/labels.zip"),
        source(name="survey", kind="private", id="", fallback_details="Ask the authors."),
        source(name="iris", kind="package", id="sklearn.datasets.load_iris"),
    )
    (text, *_) = documents(PAPER, replace(DESIGN, data=DataSources(items=sources)), Traceability(traces=()))
    assert text.text.partition("## Data\n")[2].partition("\n## ")[0].splitlines()[-4:] == [
        "- `data/dots`: `hf download someone/dots --repo-type dataset --local-dir data/dots` (licence: MIT)",
        "- `data/net`: `hf download someone/net --revision v2 --local-dir data/net`",
        "- `data/labels`: `https://example.org/labels.zip`, unpacked if it is an archive",
        "- `data/survey`: not public. Ask the authors.",
    ]
    assert "## Data" not in texts()["README.md"]


def test_a_readme_without_requirements_says_so() -> None:
    written = texts(Requirements(items=()))
    assert list(written) == ["README.md", "Dockerfile", "pyproject.toml", "CITATION.cff"]
    assert "Requirements were not extracted in this profile." in written["README.md"]
    assert "TRACEABILITY" not in written["README.md"]


@pytest.mark.parametrize("title", [PAPER.title, 'A "quoted" title: with \\ and ümlauts'])
def test_package_and_citation_are_valid(title: str) -> None:
    written = texts(title=title)
    project = tomllib.loads(written["pyproject.toml"])
    assert (project["project"]["name"], project["tool"]["setuptools"]["py-modules"]) == ("tinyfit", ["trials"])
    assert title in project["project"]["description"]
    assert yaml.safe_load(written["CITATION.cff"])["preferred-citation"]["title"] == title


def test_authors_and_address_reach_citation_and_readme() -> None:
    paper = PAPER.model_copy(update={"authors": ("Ada Lovelace",), "address": "https://arxiv.org/abs/2504.17192"})
    written = {file.path: file.text for file in documents(paper, DESIGN, Traceability(traces=()))}
    cited = yaml.safe_load(written["CITATION.cff"])
    assert cited["authors"] == cited["preferred-citation"]["authors"] == [{"name": "Ada Lovelace"}]
    assert cited["url"] == cited["preferred-citation"]["url"] == paper.address
    assert "The paper: Ada Lovelace. <https://arxiv.org/abs/2504.17192>" in written["README.md"]


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
    assert "[tinyfit/model.py:2](tinyfit/model.py#L2)" in written["TRACEABILITY.md"]
    assert Traceability.model_validate_json(written["TRACEABILITY.json"]).unmarked == ()
