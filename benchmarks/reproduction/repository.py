"""Repositories whose trials take a known time."""

from importlib import resources
from itertools import product
from pathlib import Path

import yaml

from papercoder.artifacts import Claims
from papercoder.artifacts.claims import Claim

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


CLAIMS = Claims(
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
        for number, (method, dataset) in enumerate(product(METHODS, DATASETS), 1)
    )
)


def write_repository(folder: Path, seconds: float) -> Path:
    """A run folder with a repository whose trials take this long."""
    runner = (resources.files("papercoder.stages.packaging.shipped") / "trials.py").read_text(encoding="utf-8")
    files = {
        "main.py": _MAIN,
        "trials.py": runner,
        "timed/__init__.py": "",
        "timed/experiments.py": _EXPERIMENTS,
        "config.yaml": yaml.safe_dump({"seconds": seconds}),
        "requirements.txt": "PyYAML>=6\n",
    }
    for path, text in files.items():
        (folder / "repo" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "repo" / path).write_text(text, encoding="utf-8")
    return folder
