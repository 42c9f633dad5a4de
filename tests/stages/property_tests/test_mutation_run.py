"""Tests against wrong versions, for real in a sandbox: who notices what, and what is dropped."""

import ast
import asyncio

from papercoder.artifacts import MutationReport, SourceFile
from papercoder.repository.mutations import mutants
from papercoder.stages.property_tests.mutation_run import Version, measure, requirements_of_tests, without_tests
from tests.sandbox.conftest import isolating
from tests.stages.execution.test_execute import OwnPackages

MODEL = SourceFile(
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
    files = (MODEL, CONFIG, TEST, SourceFile(path="tinyfit/__init__.py", text=""))
    wrong = (Version(path=MODEL.path, text=each.file.text, change=each.where) for each in mutants(MODEL, 9))
    given = (*wrong, *more)
    return asyncio.run(measure(files, TEST.path, MODEL.path, given, 120.0, isolating(), OwnPackages()))


def test_tests_are_measured_by_the_wrong_versions_that_they_fail_on() -> None:
    broken = Version(path=MODEL.path, text="def predict(\n", change="broken")
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
    assert measured().weak({}) == (setting, kind)


def test_a_test_is_removed_with_its_comments() -> None:
    assert requirements_of_tests(TESTS)["test_a_type"] == {"R2"}
    left = without_tests(TESTS, ["test_a_type", "TestRate::test_the_rate"])
    assert "test_a_product" in left
    assert "R2" not in left
    assert "parametrize" not in left
    assert "TestRate" not in left
    ast.parse(left)
    assert without_tests("def test_a():\n    assert 1\n", ["test_a"]) == ""
