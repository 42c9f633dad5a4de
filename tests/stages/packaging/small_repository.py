"""A small repository with trials, as a pipeline would write it: three methods, two data sets, three seeds."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

EXPERIMENTS = '''\
"""The experiments."""

import math
import os
import signal
from pathlib import Path

from tiny.model import accuracy
from tiny.plots import draw
from trials import Progress, Trial

NOT_MEASURED = {"C9": "needs a cluster"}


def trials(config):
    """All trials."""
    names = [(method, dataset) for method in config["methods"] for dataset in ("digits", "wine")]
    return [Trial("Main comparison", *each, seed) for each in names for seed in range(config["seeds"])]


def run_trial(trial, config, progress):
    """One trial; a file `do` beside the code says what goes wrong in it."""
    state = progress.load() or {"step": 0}
    todo = Path("do").read_text().split() if Path("do").exists() else []
    for step in range(state["step"], config["training"]["steps"]):
        progress((step + 1) / config["training"]["steps"], loss=1 / (step + 1))
        progress.save({"step": step + 1})
        act(todo, f"{trial.method}:{trial.dataset}:{trial.seed}:{step}")
    return {"accuracy": math.nan if f"nan:{trial.method}" in todo else accuracy(trial, config["model"]["width"])}


def act(todo, place):
    """Fail at this place in the way that the file says."""
    if f"raise:{place}" in todo:
        raise RuntimeError("the loss is flat")
    if f"exit:{place}" in todo:
        os._exit(7)
    if f"kill:{place}" in todo:
        os.kill(os.getpid(), signal.SIGKILL)
    if f"wait:{place}" in todo:
        Path("waiting").write_text("here")
        os.open("go", os.O_RDONLY)  # a named pipe: blocks until somebody writes


def figures(results, folder):
    """One file for all results."""
    draw(results, folder)
'''

MODEL = '''\
"""The model."""


def accuracy(trial, width):
    """A number that depends on the trial."""
    return width + len(trial.method) + trial.seed / 10
'''

PLOTS = '''\
"""Figures."""


def draw(results, folder):
    """Write how many there are."""
    (folder / "count.txt").write_text(str(len(results)))
'''

CONFIG = """\
seeds: 3
methods: [ours, baseline]
training: {steps: 2, unused: 1}
model: {width: 90}
data: {synthetic: false, root: data}
"""


def claim(name: str, method: str, dataset: str, **others: object) -> dict[str, object]:
    """A claim as it is in `claims.json`."""
    names = {"id": name, "experiment": "Main comparison", "method": method, "dataset": dataset, "metric": "accuracy"}
    return {**names, "table": "Table 1", "reported": "94.1 ± 0.1", "statistic": "mean", **others}


CLAIMS = [
    claim("C1", "ours", "digits"),
    claim("C2", "Ours", "wine"),
    claim("C3", "ours", "digits", statistic="std", reported="0.1"),
    claim("C4", "ours", "Average", averaged_over=["digits", "Wine"]),
    claim("C5", "ours", "Average of three", averaged_over=["digits", "wine", "iris"]),
    claim("C8", "theirs", "digits"),
    claim("C9", "ours", "ImageNet"),
]


def write_repository(folder: Path) -> Path:
    """Write it into an empty folder."""
    runner = files("papercoder.stages.packaging.shipped").joinpath("trials.py").read_text(encoding="utf-8")
    main = "import sys\nfrom trials import main\nif __name__ == '__main__':\n    sys.exit(main('tiny.experiments'))\n"
    texts = {
        "trials.py": runner,
        "main.py": main,
        "tiny/__init__.py": "",
        "tiny/experiments.py": EXPERIMENTS,
        "tiny/model.py": MODEL,
        "tiny/plots.py": PLOTS,
        "config.yaml": CONFIG,
        "config.smoke.yaml": CONFIG.replace("steps: 2", "steps: 1").replace("false", "true"),
        "claims.json": json.dumps({"claims": CLAIMS}),
        "requirements.txt": "PyYAML>=6\n",
    }
    for path, text in texts.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def run(repository: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run its command."""
    command = [sys.executable, "main.py", *arguments]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False, timeout=120)
