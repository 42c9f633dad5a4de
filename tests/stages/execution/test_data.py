"""The data of the smoke run: real where all are there, else synthetic, and the report says which."""

import asyncio
from pathlib import Path

import pytest

from papercoder.artifacts import DataLock, DataSource, DataSources, RunData, StepResult
from papercoder.datasets.fetch import give
from papercoder.stages.execution.execute import execute
from tests.datasets.servers import source
from tests.sandbox.conftest import isolating
from tests.stages.execution.test_execute import LIMITS, OwnPackages, write

SHOWS_DATA = """\
echo "options: $*"
if [ -d /data/dots ]; then cat /data/dots/a.csv; fi
if echo x 2>/dev/null > /data/dots/new; then echo written; fi
echo "offline: $HF_HUB_OFFLINE"
mkdir -p results/smoke
echo '{"results": [{"metric": "accuracy", "mean": 0.5}]}' | tee results.json > results/smoke/results.json
"""


@pytest.fixture
def dots(tmp_path: Path) -> DataLock:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.csv").write_text("real dots\n")
    return DataLock(sources=(give(source(), tmp_path / "mine"),))


def smoke(tmp_path: Path, lock: DataLock, *sources: DataSource, runner: str | None = "") -> StepResult:
    (tmp_path / "repository").mkdir()
    repository = write(tmp_path / "repository", {"reproduce.sh": SHOWS_DATA, "trials.py": runner})
    data = RunData(sources=DataSources(items=sources), lock=lock)
    report = asyncio.run(execute(repository, isolating(), OwnPackages(), LIMITS, data=data))
    return next(step for step in report.steps if step.step == "smoke")


def test_the_smoke_run_reads_real_data_that_it_cannot_change(tmp_path: Path, dots: DataLock) -> None:
    step = smoke(tmp_path, dots, source())
    assert step.note == "used real data: dots"
    assert "options: --smoke --set data.root=/data --set data.synthetic=false\nreal dots\noffline: 1" in step.output
    assert step.command == "./reproduce.sh --smoke --set data.root=/data --set data.synthetic=false"
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["a.csv"]


def test_it_uses_synthetic_data_if_one_source_is_missing(tmp_path: Path, dots: DataLock) -> None:
    step = smoke(tmp_path, dots, source(), source(name="labels"))
    assert step.note == "used synthetic data: labels missing; `papercoder data RUN` shows how to get it"
    assert "options: --smoke\n" in step.output


def test_repositories_without_our_runner_have_no_option_for_real_data(tmp_path: Path, dots: DataLock) -> None:
    step = smoke(tmp_path, dots, source(), runner=None)
    assert step.note == "used synthetic data: the repository has no trials.py"
    assert "options: --smoke\n" in step.output


def test_nothing_is_said_of_data_that_are_not_in_files(tmp_path: Path) -> None:
    step = smoke(tmp_path, DataLock(), source(kind="generated", id=""))
    assert step.note == ""
    assert "offline: 1" in step.output
