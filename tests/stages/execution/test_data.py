"""The data of the smoke run: real where all are there, else synthetic, and the report says which."""

import asyncio
import json
from pathlib import Path

import pytest

from papercoder.artifacts import DataLock, DataSource, DataSources, ExecutionReport, RunData
from papercoder.datasets.fetch import give
from papercoder.stages.execution.execute import execute
from tests.datasets.servers import source
from tests.reproduction.packages import OwnPackages
from tests.sandbox.conftest import isolating
from tests.stages.execution.test_execute import LIMITS, with_trials, write

LOADER = '''\
def offset(data):
    """What the data add to every number."""
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    if data["synthetic"]:
        return 0
    folder = Path(data["root"]) / "dots"
    try:
        (folder / "new").touch()
    except OSError:
        return int((folder / "a.csv").read_text())


def act('''


@pytest.fixture
def dots(tmp_path: Path) -> DataLock:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.csv").write_text("1000")
    return DataLock(sources=(give(source(), tmp_path / "mine"),))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "repository").mkdir()
    return tmp_path / "repository"


def loading(repository: Path) -> Path:
    """A repository whose numbers show which data it loads."""
    with_trials(repository, experiments=("def act(", LOADER))
    experiments = repository / "tiny" / "experiments.py"
    width = 'config["model"]["width"]'
    experiments.write_text(experiments.read_text().replace(width, f'{width} + offset(config["data"])'))
    return repository


def run(repository: Path, lock: DataLock, *sources: DataSource) -> ExecutionReport:
    data = RunData(sources=DataSources(items=sources), lock=lock)
    return asyncio.run(execute(repository, isolating(), OwnPackages(), LIMITS, data=data))


def smoke(report: ExecutionReport) -> tuple[str, str, float]:
    """Command and note of the smoke run, and its first number."""
    (step,) = [step for step in report.steps if step.step == "smoke"]
    assert step.status == "passed", f"{step.reason}\n{step.output}"
    return step.command, step.note, json.loads(report.smoke_results or "")["results"][0]["mean"]


def test_the_smoke_run_reads_real_data_that_it_cannot_change(repository: Path, dots: DataLock) -> None:
    command, note, number = smoke(run(loading(repository), dots, source()))
    assert note == "used real data: dots"
    assert command == "./reproduce.sh --smoke --set data.root=/data --set data.synthetic=false"
    assert number == 1094
    assert [path.name for path in Path(dots.sources[0].given).iterdir()] == ["a.csv"]


def test_it_uses_synthetic_data_if_one_source_is_missing(repository: Path, dots: DataLock) -> None:
    command, note, number = smoke(run(loading(repository), dots, source(), source(name="labels")))
    assert note == "used synthetic data: labels missing; `papercoder data RUN` shows how to get it"
    assert (command, number) == ("./reproduce.sh --smoke", 94)


def test_repositories_without_our_runner_have_no_option_for_real_data(repository: Path, dots: DataLock) -> None:
    command, note, _ = smoke(run(write(repository, {}), dots, source()))
    assert note == "used synthetic data: the repository has no trials.py"
    assert command == "./reproduce.sh --smoke"


def test_nothing_is_said_of_data_that_are_not_in_files(repository: Path) -> None:
    _, note, number = smoke(run(loading(repository), DataLock(), source(kind="generated", id="")))
    assert (note, number) == ("", 94)
