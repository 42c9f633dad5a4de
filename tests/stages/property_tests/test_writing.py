"""Tests from the mathematics: for whom, where they stand, and what is no test."""

import asyncio

import pytest

from papercoder.artifacts import SourceFile
from papercoder.stages.property_tests.writing import (
    problems,
    property_test_path,
    requirements_to_test,
    write_property_tests,
)
from tests.scripted import CODE, TEST_PY, fenced
from tests.support import PAPER, Says, Scripted, make_agents, requirement

MODEL, MAIN = CODE
LAYERS = SourceFile(path="src/layers.py", text="def f() -> int:\n    return 1\n")


def write(*answers: Says) -> tuple[str, Scripted]:
    model = Scripted({"property_tests": list(answers)})
    needs = (requirement("R1", anchor="eq:1", quote=r"\hat{y} = w x"),)
    return asyncio.run(write_property_tests(make_agents(model), PAPER, needs, "seed: 0\n", MODEL, (MAIN,))), model


def test_tests_are_written_from_the_paper_and_the_code() -> None:
    text, model = write(fenced(TEST_PY))
    assert text == TEST_PY
    (request,) = model.requests
    assert r"\hat{y} = w x" in request.text
    assert "import it as `tinyfit.model`" in request.text
    assert "return w * x" in request.text
    assert "`tinyfit/experiments.py`" in request.text


def test_what_is_no_test_goes_back() -> None:
    text, model = write(fenced("x = 1\n"), fenced(TEST_PY))
    assert text == TEST_PY
    assert "There is no function whose name starts with `test_`." in model.requests[1].text


def test_what_is_only_run_is_not_tested() -> None:
    needs = (
        requirement("R1"),
        requirement("R2", kind="training", anchor="2¶1"),
        requirement("R3", kind="experiment", anchor="eq:2"),
        requirement("R4", kind="data", anchor="alg:1"),
        requirement("R5", kind="experiment", anchor="tab:1"),
    )
    assert [item.id for item in requirements_to_test(needs)] == ["R1", "R2", "R3", "R4"]


def test_where_tests_stand() -> None:
    assert property_test_path("src/layers.py") == "tests/test_src_layers.py"


@pytest.mark.parametrize(
    "code",
    [
        "import src.layers\n\ndef test_f():\n    assert src.layers.f() == 1\n",
        "from src.layers import f\n\ndef test_f():\n    assert f() == 1\n",
        "from src import layers\n\ndef test_f():\n    assert layers.f() == 1\n",
        "import src.layers as l\nimport numpy as np\n\ndef test_f():\n    np.testing.assert_allclose(l.f(), 1)\n",
        "import src.layers as l\nfrom numpy.testing import assert_equal\n\ndef test_f():\n    assert_equal(l.f(), 1)\n",
        "import pytest\nfrom src.layers import f\n\ndef test_f():\n    with pytest.raises(TypeError):\n        f(1)\n",
        "from src.layers import f\n\nclass TestF:\n    def test_f(self):\n        assert f() == 1\n",
    ],
)
def test_what_is_a_test(code: str) -> None:
    assert problems(code, LAYERS) == []


@pytest.mark.parametrize(
    "code",
    [
        "import layers\n\ndef test_f():\n    assert layers.f() == 1\n",
        "from layers import f\n\ndef test_f():\n    assert f() == 1\n",
    ],
)
def test_what_is_a_test_of_a_package(code: str) -> None:
    assert problems(code, SourceFile(path="layers/__init__.py", text=LAYERS.text)) == []


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("from src.layers import f\n\ndef check():\n    assert f()\n", "There is no function whose name starts"),
        ("from src.layers import f\n\ndef test_f():\n    f()\n", "`test_f` asserts nothing."),
        ("from src.layers import f\n\ndef test_f():\n    f() == pytest.approx(1)\n", "`test_f` asserts nothing."),
        ("# src.layers\n\ndef test_f():\n    assert True\n", "It does not import `src.layers`."),
        ("import src\n\ndef test_f():\n    assert src\n", "It does not import `src.layers`."),
    ],
)
def test_what_is_none(code: str, complaint: str) -> None:
    (found,) = problems(code, LAYERS)
    assert found.startswith(complaint)
