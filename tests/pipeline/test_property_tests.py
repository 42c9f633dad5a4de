"""Tests from the paper: those that show nothing are written again, unless another test shows the same."""

import asyncio
from pathlib import Path

import pytest

from papercoder.artifacts import MutantOutcome, MutationReport, MutationReports, SourceFile
from papercoder.pipeline.property_tests import REPORT, PropertyTests
from papercoder.repository.config_text import to_yaml
from papercoder.runs.folder import load
from papercoder.runs.run import runs_execution_steps
from papercoder.stages.property_tests import Version, requirements_of_tests
from tests.scripted import CODE, DESIGN, Workshop, block, fenced
from tests.support import CONFIG, PAPER, Scripted

PATH = "tests/test_tinyfit_model.py"
CONFIGURATION = tuple(SourceFile(path=name, text=to_yaml(CONFIG)) for name in ("config.yaml", "config.smoke.yaml"))
TESTS = """from tinyfit.model import predict


def test_product():
    # R1: w x
    assert predict(2.0, 3.0) == 6.0


def test_float():
    # R1: w x
    assert isinstance(predict(2.0, 3.0), float)
"""
OTHER = TESTS.replace("R1: w x\n    assert isinstance", "R2: rate\n    assert isinstance")
STRONGER = block(
    PATH, "    assert isinstance(predict(2.0, 3.0), float)\n", "    assert predict(0.05, 1.0) == 0.05  # sharp\n"
)


@runs_execution_steps("tests")
async def sharp_tests_notice(
    context: object,
    files: tuple[SourceFile, ...],
    test: str,
    tested: str,
    versions: tuple[Version, ...],
    seconds: float,
    sandbox: str,
) -> MutationReport:
    """`test_product` notices a wrong version, and so does every test with the comment `sharp`."""
    text = next(file.text for file in files if file.path == test)
    names = requirements_of_tests(text)
    noticing = ("test_product", *(("test_float",) if "# sharp" in text else ()))
    wrong = MutantOutcome(change="* became +", requirements=("R1",), noticed_by=noticing)
    return MutationReport(path=tested, test=test, passed=tuple(names), versions=(wrong,))


@pytest.mark.parametrize(
    ("written", "edits", "asked", "left", "dropped", "covered"),
    [
        (TESTS, STRONGER, 0, ["test_product"], ("test_float",), ("R1",)),
        (OTHER, STRONGER, 1, ["test_product", "test_float"], (), ("R1", "R2")),
        (OTHER, "NO EDITS", 1, ["test_product"], ("test_float",), ("R1",)),
    ],
    ids=["another test shows the same", "it gets sharp", "it stays weak"],
)
def test_a_test_that_shows_nothing_is_dropped_or_written_again(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    written: str,
    edits: str,
    asked: int,
    left: list[str],
    dropped: tuple[str, ...],
    covered: tuple[str, ...],
) -> None:
    monkeypatch.setattr("papercoder.pipeline.property_tests.run_against_versions", sharp_tests_notice)
    workshop = Workshop(tmp_path, Scripted({"property_tests": fenced(written), "strengthen": edits}))

    async def work() -> tuple[SourceFile, ...]:
        await workshop.begin(CODE)
        tests = PropertyTests(workshop.run, PAPER, DESIGN, CONFIGURATION, workshop.publish, "bubblewrap")
        return await tests.write(CODE[:1], ())

    (tests,) = asyncio.run(work())
    assert list(requirements_of_tests(tests.text)) == left
    assert len(workshop.model.of("strengthen")) == asked
    (report,) = load(tmp_path, REPORT, MutationReports).items
    assert (report.dropped, report.covered) == (dropped, covered)
