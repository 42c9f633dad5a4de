"""A run folder with a tiny repository: two methods on two data sets, with times and failures that tests can choose."""

import asyncio
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from textwrap import dedent

from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    Claims,
    ConfigValue,
    DataSources,
    ExperimentConfig,
    FilePlan,
    Paper,
    Requirements,
    SourceFile,
)
from papercoder.artifacts.claims import Claim, Ordering
from papercoder.repository.files import read_files
from papercoder.repository.git import History
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import RunEnded, RunStarted
from tests.support import LOGIC, PLAN

MAIN = """\
import sys

from trials import main

if __name__ == "__main__":
    sys.exit(main("tiny.experiments"))
"""
EXPERIMENTS = '''\
"""Two methods on two data sets; the settings say how long trials take and which fail."""

import time

from tiny.model import accuracy
from trials import Progress, Trial

NOT_MEASURED = {"C9": "it needs a cluster"}


def trials(config):
    return [
        Trial("main", method, dataset, seed)
        for method in ("ours", "baseline")
        for dataset in ("digits", "wine")
        for seed in range(config["seeds"])
    ]


def run_trial(trial: Trial, config, progress: Progress) -> dict[str, float]:
    if [trial.method, trial.dataset] == config["failing"]:
        raise RuntimeError("out of luck")
    if [trial.method, trial.dataset] == config["diverging"]:
        return {"accuracy": float("nan")}
    steps = config["steps"]
    for step in range(steps):
        time.sleep(config["pause"])
        progress((step + 1) / steps, loss=1 / (step + 1))
    if config.get("keeping"):
        progress.keep("curve", [accuracy(trial.method, trial.dataset), *range(steps)])
    return {"accuracy": accuracy(trial.method, trial.dataset)}
'''
MODEL = """\
def accuracy(method: str, dataset: str) -> float:
    return {"ours": 90.0, "baseline": 80.0}[method] + {"digits": 5.0, "wine": 0.0}[dataset]
"""
ARCHITECTURE = ArchitectureDesign(
    approach="Tiny.",
    files=tuple(FilePlan(path=path, purpose="Tiny.") for path in ("tiny/experiments.py", "tiny/model.py")),
    class_diagram="",
    sequence_diagram="",
)
SETTINGS: Mapping[str, object] = {
    "seeds": 1,
    "steps": 2,
    "pause": 0.0,
    "failing": None,
    "diverging": None,
    "keeping": False,
}


def runner() -> str:
    """The runner that is shipped into repositories."""
    return (resources.files("papercoder.stages.packaging.shipped") / "trials.py").read_text(encoding="utf-8")


def claims() -> Claims:
    """Four values, of which one differs, one that no trial measures, and an ordering."""
    values = {"C1": ("ours", "digits", 95.0), "C2": ("baseline", "digits", 85.0), "C3": ("ours", "wine", 90.0)}
    values |= {"C4": ("baseline", "wine", 50.0), "C9": ("ours", "imagenet", 99.0)}
    return Claims(
        items=tuple(
            Claim(
                id=name,
                anchor="tab:1" if dataset == "digits" else "tab:2",
                experiment="main",
                method=method,
                dataset=dataset,
                metric="accuracy",
                value=value,
                quote=str(value),
                printed=str(value),
            )
            for name, (method, dataset, value) in values.items()
        ),
        orderings=(
            Ordering(
                id="O1",
                anchor="tab:1",
                experiment="main",
                dataset="digits",
                metric="accuracy",
                direction="higher",
                methods=("ours", "baseline"),
                claims=("C1", "C2"),
                statement="ours is better than the baseline",
            ),
        ),
    )


def config(settings: Mapping[str, object]) -> ExperimentConfig:
    """The settings as planning describes them; the number of steps may be shrunk."""
    return ExperimentConfig(
        values=tuple(
            ConfigValue.model_validate(
                {"key": key, "value": value, "source": "assumed", "scalable": key == "steps", "smoke": None}
            )
            for key, value in settings.items()
        )
    )


def write_run(folder: Path, changes: Mapping[str, str] | None = None, **settings: object) -> Path:
    """A complete run whose repository has these settings and changed files."""
    known = {**SETTINGS, **settings}
    lines = [f"{key}: {json.dumps(value)}" for key, value in known.items()]
    files = {
        "main.py": MAIN,
        "trials.py": runner(),
        "tiny/__init__.py": "",
        "tiny/experiments.py": EXPERIMENTS,
        "tiny/model.py": MODEL,
        "tiny/plots.py": "# draws figures\n",
        "config.yaml": "\n".join(lines) + "\n",
        "requirements.txt": "PyYAML>=6\n",
        "claims.json": _claim_names(),
        **(changes or {}),
    }
    for path, text in files.items():
        (folder / "repo" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "repo" / path).write_text(dedent(text), encoding="utf-8")
    planned: dict[str, Artifact] = {
        "paper": Paper(title="Tiny", abstract="", sections=(), source="markdown"),
        "planning/plan": PLAN,
        "planning/requirements": Requirements(items=()),
        "planning/architecture": ARCHITECTURE,
        "planning/logic": LOGIC,
        "planning/data": DataSources(),
        "planning/claims": claims(),
        "planning/config": config(known),
    }
    (folder / "planning").mkdir()
    for name, artifact in planned.items():
        (folder / f"{name}.json").write_text(artifact.model_dump_json(), encoding="utf-8")
    asyncio.run(History(folder / "repo").init())
    log = EventLog(folder)
    log(RunStarted(paper="paper.md", models={}, profile="full"))
    log(RunEnded(status="complete"))
    return folder


def repository(folder: Path) -> tuple[SourceFile, ...]:
    """The files of the run's repository."""
    return read_files(folder / "repo")


def _claim_names() -> str:
    names = ("id", "experiment", "method", "dataset", "metric")
    return '{"claims": [' + ", ".join(item.model_dump_json(include=set(names)) for item in claims().items) + "]}"
