"""Tests from the mathematics: for whom, where they stand, and what is no test."""

import ast
import asyncio

import pytest

from papercoder.artifacts import MutationReport, SourceFile
from papercoder.repository.mutations import mutants
from papercoder.stages.property_tests import (
    Version,
    measure,
    problems,
    property_test_path,
    requirements_of_tests,
    requirements_to_test,
    without_tests,
    write_property_tests,
)
from tests.reproduction.packages import OwnPackages
from tests.sandbox.conftest import isolating
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


MODEL_MUTATION_RUN = SourceFile(
    path="tinyfit/model.py",
    text="def predict(w: float, x: float) -> float:\n    # R1: scaled input\n    return w * x + 1\n",
)
TESTS = """\
import json

import pytest

from tinyfit.model import predict


def test_a_product():
    # R1: the weight scales the input
    assert predict(3.0, 2.0) == 7.0


# R2: nothing that could fail
@pytest.mark.parametrize("x", [1.0, 2.0])
def test_a_type(x):
    assert isinstance(predict(1.0, x), float)


class TestRate:
    def test_the_rate(self):
        # R3: the paper's rate
        with open("config.yaml", encoding="utf-8") as file:
            assert json.load(file)["rate"] == 0.5


def test_wrong_already():
    assert predict(1.0, 1.0) == 0.0
"""
TEST = SourceFile(path="tests/test_tinyfit_model.py", text=TESTS)
CONFIG = SourceFile(path="config.yaml", text='{"rate": 0.5}')


def measured(*more: Version) -> MutationReport:
    files = (MODEL_MUTATION_RUN, CONFIG, TEST, SourceFile(path="tinyfit/__init__.py", text=""))
    wrong = (
        Version(path=MODEL_MUTATION_RUN.path, text=each.file.text, change=each.where)
        for each in mutants(MODEL_MUTATION_RUN, 9)
    )
    given = (*wrong, *more)
    return asyncio.run(measure(files, TEST.path, MODEL_MUTATION_RUN.path, given, 120.0, isolating(), OwnPackages()))


def test_tests_are_measured_by_the_wrong_versions_that_they_fail_on() -> None:
    broken = Version(path=MODEL_MUTATION_RUN.path, text="def predict(\n", change="broken")
    rate = Version(path=CONFIG.path, text='{"rate": 0.75}', change="rate")
    report = measured(rate, broken)
    product, kind, setting = "test_a_product", "test_a_type", "TestRate::test_the_rate"
    assert report.passed == (setting, product, kind)
    assert report.failed == ("test_wrong_already",)
    seen = {version.change.partition(": ")[2] or version.change: version.noticed_by for version in report.versions}
    assert seen == {
        '"+" became "-"': (product,),
        '"*" became "/"': (product,),
        '"+ 1" was left out': (product,),
        '"* x" was left out': (product,),
        "1 became 2": (product,),
        "rate": (setting,),
        "broken": (),
    }
    assert report.noticed == len(report.versions) == 7
    assert [version.change for version in report.versions if version.stopped] == ["broken"]
    named = requirements_of_tests(TESTS)
    assert measured().weak(named) == (setting, kind)
    # A report of an earlier text, as a dry run sees it: the test of the type was removed since.
    assert measured().weak({name: named[name] for name in (setting, product)}) == (setting,)


def test_a_test_is_removed_with_its_comments() -> None:
    assert requirements_of_tests(TESTS)["test_a_type"] == {"R2"}
    left = without_tests(TESTS, ["test_a_type", "TestRate::test_the_rate"])
    assert "test_a_product" in left
    assert "R2" not in left
    assert "parametrize" not in left
    assert "TestRate" not in left
    ast.parse(left)
    assert without_tests("def test_a():\n    assert 1\n", ["test_a"]) == ""
