"""Repair: which error it is, whom it names, and what may be edited about it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import Edit, Edits, SourceFile
from papercoder.errors import AnswerError
from papercoder.stages.repair import Attempt, Failure, editable, files_of, repair
from tests.scripted import CODE, block
from tests.support import Says, Scripted, make_agents, requirement

TRACE = """\
Traceback (most recent call last):
  File "/repository/tinyfit/experiments.py", line 12, in <module>
    main()
KeyError: 'rate'
"""
FILES = (
    *CODE,
    SourceFile(path="src/data.py", text="x = 1\n"),
    SourceFile(path="config.yaml", text="seed: 0\n"),
    SourceFile(path="config.smoke.yaml", text="seed: 0\n"),
    SourceFile(path="requirements.txt", text="numpy>=1.26\nPyYAML>=6.0  # settings\n"),
    SourceFile(path="reproduce.sh", text="#!/bin/sh\n"),
    SourceFile(path="README.md", text="# It\n"),
)
FIX = block("tinyfit/model.py", "    return w * x\n", "    return float(w) * x\n")


def failure(output: str = TRACE) -> Failure:
    return Failure(what="smoke", command="./reproduce.sh --smoke", output=output)


def repair_files(
    *answers: Says, output: str = TRACE, attempts: tuple[Attempt, ...] = (), theirs: tuple[str, ...] = ()
) -> tuple[Edits, Scripted]:
    model = Scripted({"repair": list(answers)})
    needs = (requirement("R1"),)
    return asyncio.run(repair(make_agents(model), failure(output), FILES, needs, attempts, theirs)), model


# Which error


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TRACE, TRACE.replace("line 12", "line 31")),
        ("ValueError: shape (3, 4)", "ValueError: shape (5, 6)"),
        ("x at 0x7f12ab", "x at 0x55aa00"),
        ("ended after 3 s", "ended after 41 s"),
        ("KeyError: 'a'\n\nimported 1 of 3 modules", "KeyError: 'a'\nimported 2 of 3 modules"),
        ("FAILED tests/test_a.py::test_b - assert 1\n1 failed in 0.1s", "FAILED tests/test_a.py::test_b - assert 2"),
    ],
)
def test_the_same_error_again(one: str, other: str) -> None:
    assert failure(one).signature == failure(other).signature != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("KeyError: 'rate'", "KeyError: 'epochs'"),
        ("KeyError: 'a'\nimported 1 of 3 modules", "ValueError: a\nimported 1 of 3 modules"),
        ("FAILED tests/t.py::test_a\n1 failed, 3 passed", "FAILED tests/t.py::test_b\n1 failed, 3 passed"),
        ("FAILED tests/t.py::test_R1\n1 failed", "FAILED tests/t.py::test_R2\n1 failed"),
        ("E   torch.OutOfMemoryError: no\n1 failed", "E   IndexError: no\n1 failed"),
    ],
)
def test_another_error(one: str, other: str) -> None:
    assert failure(one).signature != failure(other).signature


def test_silence_is_always_the_same() -> None:
    assert failure("").signature == failure(" \n\n").signature == ""


@given(st.text())
def test_any_output_has_a_signature_of_its_own_lines(output: str) -> None:
    assert len(failure(output).signature.split("\n")) <= max(1, len(output.splitlines()))


# Whom it names


@pytest.mark.parametrize(
    ("output", "named"),
    [
        (TRACE, ["tinyfit/experiments.py"]),
        ("src/data.py:3: in f", ["src/data.py"]),
        (
            'File "/repository/tinyfit/model.py" ... "/repository/tinyfit/experiments.py"',
            ["tinyfit/model.py", "tinyfit/experiments.py"],
        ),
        ("my-model.py and remodel.py", ["tinyfit/experiments.py"]),
        ("Killed", ["tinyfit/experiments.py"]),
    ],
)
def test_the_files_that_an_output_names_else_the_entry(output: str, named: list[str]) -> None:
    assert [file.path for file in files_of(failure(output), FILES)] == named


def test_a_repository_without_an_entry_has_no_file_at_fault() -> None:
    assert files_of(failure("Killed"), FILES[2:]) == ()


def test_the_agent_reads_the_failure_last_and_the_code_that_it_may_be_about() -> None:
    _, model = repair_files(FIX)
    (request,) = model.requests
    assert "KeyError: 'rate'" in request.text
    assert "./reproduce.sh --smoke" in request.text
    shown = [file.path for file in FILES if f"`{file.path}`:\n\n````" in request.text]
    assert sorted(shown) == sorted(editable(FILES) - {"src/data.py"})
    assert request.text.index("`src/data.py`") < request.text.index("`tinyfit/experiments.py`:")


def test_of_files_that_the_error_does_not_reach_it_reads_the_signatures() -> None:
    _, model = repair_files(FIX, output='File "/repository/tinyfit/model.py", line 3')
    (request,) = model.requests
    assert "def predict(w: float, x: float)" in request.text
    assert "`tinyfit/experiments.py`:\n\n```python\ntrials(config: dict) -> list[Trial]\n" in request.text
    assert "math.fabs" not in request.text


def test_the_prompt_lists_earlier_attempts() -> None:
    tried = Edits(edits=(Edit(path="tinyfit/experiments.py", search="a\n", replace="b\n"),))
    _, model = repair_files(FIX, attempts=(Attempt(edits=tried, outcome="The same error came again."),))
    assert "<<<<<<< SEARCH\na\n=======\nb\n" in model.requests[0].text
    assert "The same error came again." in model.requests[0].text


# What may be edited


def test_code_packages_and_tiny_settings_may_be_edited_but_not_the_papers() -> None:
    assert editable(FILES) == {
        "tinyfit/model.py",
        "tinyfit/experiments.py",
        "src/data.py",
        "config.smoke.yaml",
        "requirements.txt",
    }


@pytest.mark.parametrize(
    "answer",
    [
        FIX,
        block("requirements.txt", "numpy>=1.26\n", "numpy>=2.0\n"),
        block("config.smoke.yaml", "seed: 0\n", "seed: 1\n"),
        block("src/shapes.py", "", "y = 1\n"),
        "NO EDITS",
    ],
    ids=["code", "packages", "tiny settings", "new module", "nothing"],
)
def test_what_may_be_edited(answer: str) -> None:
    assert len(repair_files(answer)[1].requests) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (block("config.yaml", "seed: 0\n", "seed: 1\n"), "`config.yaml` may not be edited here"),
        (block("reproduce.sh", "#!/bin/sh\n", "exit 0\n"), "`reproduce.sh` may not be edited here"),
        (block("README.md", "# It\n", "# Me\n"), "`README.md` may not be edited here"),
        (block("data.txt", "", "1\n"), "`data.txt` may not be edited here"),
        (block("../outside.py", "", "x = 1\n"), "leads out of the repository"),
        (block("/tmp/outside.py", "", "x = 1\n"), "leads out of the repository"),
        (block(".github/x.py", "", "x = 1\n"), "reserved name"),
        (block("yaml.py", "", "x = 1\n"), "would hide the package `yaml`"),
        (block("numpy/__init__.py", "", "x = 1\n"), "would hide the package `numpy`"),
        (block("json.py", "", "x = 1\n"), "would hide the standard library's `json`"),
        (block("config.smoke.yaml", "seed: 0\n", "seed: [\n"), "not be valid YAML"),
        (block("tinyfit/model.py", "    # R1: scaled input\n", ""), "lose the mark of R1"),
        (block("none.py", "x\n", "y\n"), "no file `none.py`"),
    ],
)
def test_what_may_not_be_edited_goes_back_with_the_reason(answer: str, reason: str) -> None:
    edits, model = repair_files(answer, FIX)
    assert edits.paths == {"tinyfit/model.py"}
    assert reason in model.requests[1].text


def test_files_of_the_user_may_not_be_edited() -> None:
    edits, model = repair_files(FIX, "NO EDITS", theirs=("tinyfit/model.py",))
    assert edits == Edits()
    assert "must not change: `tinyfit/model.py`" in model.requests[0].text
    assert "`tinyfit/model.py` may not be edited here" in model.requests[1].text


def test_a_cheat_who_never_stops_is_given_up() -> None:
    with pytest.raises(AnswerError, match="repair agent for smoke"):
        repair_files(block("config.yaml", "seed: 0\n", "seed: 1\n"))
