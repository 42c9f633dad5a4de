"""Runs whose repositories hold trials that take a known time."""

from importlib import resources
from pathlib import Path

import yaml

from papercoder.artifacts import Claims, ConfigValue, ExperimentConfig
from papercoder.artifacts.claims import Claim
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import RunEnded, RunStarted

METHODS, DATASETS, SEEDS = ("ours", "baseline"), ("digits", "wine"), 3
TRIALS = len(METHODS) * len(DATASETS) * SEEDS

_MAIN = """\
import sys

from trials import main

if __name__ == "__main__":
    sys.exit(main("timed.experiments"))
"""
_EXPERIMENTS = f"""\
import time

from trials import Trial


def trials(config):
    kinds = [(method, dataset) for method in {METHODS} for dataset in {DATASETS}]
    return [Trial("main", *kind, seed) for kind in kinds for seed in range({SEEDS})]


def run_trial(trial, config, progress):
    for step in range(10):
        time.sleep(config["seconds"] / 10)
        progress((step + 1) / 10)
    return {{"accuracy": 1.0}}
"""


def write_run(folder: Path, seconds: float) -> Path:
    """A complete run whose trials take this long."""
    runner = (resources.files("papercoder.stages.packaging.shipped") / "trials.py").read_text(encoding="utf-8")
    files = {
        "repo/main.py": _MAIN,
        "repo/trials.py": runner,
        "repo/timed/__init__.py": "",
        "repo/timed/experiments.py": _EXPERIMENTS,
        "repo/config.yaml": yaml.safe_dump({"seconds": seconds}),
        "repo/requirements.txt": "PyYAML>=6\n",
        "planning/claims.json": _claims().model_dump_json(),
        "planning/config.json": ExperimentConfig(
            values=(ConfigValue(key="seconds", value=seconds, source="assumed"),)
        ).model_dump_json(),
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    log = EventLog(folder)
    log(RunStarted(paper="paper.md", models={}, profile="full"))
    log(RunEnded(status="complete"))
    return folder


def _claims() -> Claims:
    kinds = [(method, dataset) for method in METHODS for dataset in DATASETS]
    return Claims(
        items=tuple(
            Claim(
                id=f"C{number}",
                anchor="tab:1",
                experiment="main",
                method=method,
                dataset=dataset,
                metric="accuracy",
                value=1.0,
                quote="1.0",
            )
            for number, (method, dataset) in enumerate(kinds, 1)
        )
    )
