"""Analysis and coding: what an agent reads, and what goes back to it once."""

import asyncio

import pytest

from papercoder.artifacts import FilePlan, SourceFile
from papercoder.repository.config_text import to_yaml
from papercoder.stages.analysis import analyse_file, settings_in
from papercoder.stages.coding import file_problems, write_designed_file, write_file, write_listed_file
from tests.support import (
    CONFIG,
    EXPERIMENTS_PY,
    LOGIC,
    MODEL_PY,
    PAPER,
    PLAN,
    REQUIREMENTS,
    Scripted,
    architecture,
    make_agents,
    requirement,
)

MODEL = SourceFile(path="tinyfit/model.py", text=MODEL_PY)
OWN = REQUIREMENTS.pick(["R2"])
YAML = to_yaml(CONFIG)


DATA = "- dots (url https://example.org/dots.csv)"


def write(model: Scripted) -> str:
    made = write_file(
        make_agents(model), PAPER, LOGIC, YAML, OWN, (), (), DATA, "Read [2¶1].", (MODEL,), "tinyfit/experiments.py"
    )
    return asyncio.run(made)


def test_a_file_is_written_against_the_code_that_it_imports() -> None:
    model = Scripted({"coding": f"```python\n{EXPERIMENTS_PY}```"})
    assert write(model) == EXPERIMENTS_PY
    (request,) = model.requests
    assert (request.agent, request.subject) == ("coding", "tinyfit/experiments.py")
    for words in (MODEL_PY, "learning_rate:", "All values are floats.", "Read [2¶1].", "R2 (training, stated)", DATA):
        assert words in request.text


def test_a_file_is_written_from_the_designs_of_files_that_are_written_at_the_same_time() -> None:
    code = EXPERIMENTS_PY.replace("import predict", "import train")
    model = Scripted({"coding": [f"```python\n{code}```", f"```python\n{EXPERIMENTS_PY}```"]})
    made = write_file(
        make_agents(model), PAPER, LOGIC, YAML, OWN, (), (), DATA, "Read [2¶1].", None, "tinyfit/experiments.py"
    )
    assert asyncio.run(made) == EXPERIMENTS_PY
    asked, again = model.requests
    assert MODEL_PY not in asked.text
    assert "def predict(w: float, x: float) -> float" in asked.text
    assert "they are being\n  written at the same time" in asked.text
    assert "It imports `train` from `tinyfit.model`, which does not define it." in again.text


def test_what_is_written_at_once_defines_its_interface() -> None:
    found = list(file_problems("def predicted(): ...\n", "tinyfit/model.py", LOGIC, (), None))
    assert found == ["It does not define `predict`, which its logic design lists."]
    assert list(file_problems(EXPERIMENTS_PY, "tinyfit/experiments.py", LOGIC, (), None)) == []


def test_an_unmarked_requirement_goes_back_once_and_is_then_taken() -> None:
    unmarked = EXPERIMENTS_PY.replace("# R2", "# no")
    model = Scripted({"coding": f"```python\n{unmarked}```"})
    assert write(model) == unmarked
    assert "No comment marks R2: The learning rate is 0.05." in model.requests[1].text
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("from tinyfit.model import train", "It imports `train` from `tinyfit.model`, which does not define it."),
        ("import model", None),
        ("from tinyfit.model import predict", None),
        ("from tinyfit.model import *", None),
        ("import numpy as np", None),
    ],
)
def test_imports_must_be_there(line: str, problem: str | None) -> None:
    found = list(file_problems(f"{line}\n", "tinyfit/experiments.py", LOGIC, (), (MODEL,)))
    assert found == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("from layers import predict", None),
        ("import layers", None),
        ("from layers import train", "It imports `train` from `layers`, which does not define it."),
    ],
)
def test_a_package_is_imported_by_its_own_name(line: str, problem: str | None) -> None:
    package = SourceFile(path="layers/__init__.py", text=MODEL_PY)
    found = list(file_problems(f"{line}\n", "tinyfit/experiments.py", LOGIC, (), (package,)))
    assert found == ([problem] if problem else [])


def test_only_what_the_logic_lists_is_imported() -> None:
    found = list(file_problems("from tinyfit.experiments import trials\n", "tinyfit/model.py", LOGIC, (), ()))
    assert found == ["It imports `tinyfit.experiments`, which its logic design does not list."]


def test_an_analysis_says_how_each_requirement_is_met() -> None:
    model = Scripted({"analysis": ["It fits.", "R2: by reading the configuration."]})
    made = analyse_file(make_agents(model), PAPER, PLAN, LOGIC, YAML, OWN, (), (), DATA, "tinyfit/experiments.py")
    assert asyncio.run(made) == "R2: by reading the configuration.\n"
    assert "It does not say how the file meets R2." in model.requests[1].text
    assert "def predict(w: float, x: float) -> float" in model.requests[0].text


def test_an_analysis_may_lack_a_few_requirements_which_the_engineer_sees_too() -> None:
    model = Scripted({"analysis": ["R1 to R3: by reading the configuration."]})
    owned = tuple(requirement(f"R{number}") for number in range(1, 5))
    made = analyse_file(make_agents(model), PAPER, PLAN, LOGIC, YAML, owned, (), (), DATA, "tinyfit/experiments.py")
    assert asyncio.run(made).startswith("R1 to R3")
    assert len(model.requests) == 1


NO_CONFIG = "This repository has no configuration files"


@pytest.mark.parametrize("config", [None, YAML])
def test_without_an_analysis_a_file_is_written_from_the_whole_paper_and_the_plan(config: str | None) -> None:
    model = Scripted({"coding_designed": f"```python\n{EXPERIMENTS_PY}```"})
    made = write_designed_file(make_agents(model), PAPER, PLAN, LOGIC, config, (MODEL,), "tinyfit/experiments.py")
    assert asyncio.run(made) == EXPERIMENTS_PY
    (request,) = model.requests
    for words in (MODEL_PY, PLAN.summary, r"\hat{y} = w x", "All values are floats.", "def trials(config)"):
        assert words in request.text
    assert ("# The configuration" in request.text) == (NO_CONFIG not in request.system) == bool(config)


def test_a_file_that_is_listed_uses_what_is_written_as_it_is() -> None:
    wrong = EXPERIMENTS_PY.replace("import predict", "import train")
    model = Scripted({"coding_listed": [f"```python\n{wrong}```", f"```python\n{EXPERIMENTS_PY}```"]})
    file = FilePlan(path="tinyfit/experiments.py", purpose="Starts it all.")
    made = write_listed_file(make_agents(model), PAPER, PLAN, architecture(), (MODEL,), file)
    assert asyncio.run(made) == EXPERIMENTS_PY
    first, second = model.requests
    for words in (MODEL_PY, PLAN.summary, "Two files.", "Starts it all."):
        assert words in first.text
    assert NO_CONFIG in first.system
    assert "It imports `train` from `tinyfit.model`, which does not define it." in second.text


def test_settings_that_an_analysis_finds_missing_are_read_with_their_source() -> None:
    analysis = """\
- `SETTING training.warmup = 1000; smoke 2 (R2): steps of the warm-up`
SETTING evaluation.sizes = [1, 2] ("we average (five)"): sizes
SETTING model.epsilon = 1.0e-6 (assumed): bound (of the denominator): small
The SETTING above is new.
"""
    assert [
        (item.key, item.value, item.smoke, item.source, item.requirement or item.quote, item.meaning)
        for item in settings_in(analysis)
    ] == [
        ("training.warmup", 1000, 2, "requirement", "R2", "steps of the warm-up"),
        ("evaluation.sizes", (1, 2), None, "quote", "we average (five)", "sizes"),
        ("model.epsilon", 1e-6, None, "assumed", "", "bound (of the denominator): small"),
    ]


@pytest.mark.parametrize("line", ["SETTING a.b: 3", "SETTING a.b = 3: no source", "SETTING a.b = {c: 1} (assumed): c"])
def test_a_setting_in_another_form_is_sent_back(line: str) -> None:
    model = Scripted({"analysis": [f"R1, R2\n{line}", "R1, R2"]})
    asyncio.run(analyse_file(make_agents(model), PAPER, PLAN, LOGIC, YAML, OWN, (), (), DATA, "tinyfit/experiments.py"))
    assert "is not a setting in the form" in model.of("analysis")[1].text
