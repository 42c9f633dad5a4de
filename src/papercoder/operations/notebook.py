"""`reproduce.ipynb`: installs a repository's packages, runs the smoke step, lists trials and plots results."""

import json

from papercoder.repository.files import RUNNER
from papercoder.text.markdown import inline

NOTEBOOK = "reproduce.ipynb"

_INSTALL = """\
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path("repo").resolve()


def run(*command):
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\\n{ended.stdout[-2000:]}{ended.stderr[-4000:]}")
    return ended.stdout


if importlib.util.find_spec("pip"):
    installer = [sys.executable, "-m", "pip", "install"]
else:
    installer = ["uv", "pip", "install", "--python", sys.executable]
run(*installer, "--quiet", "--requirement", "requirements.txt", "matplotlib")
print("The packages are installed.")"""

_SMOKE = """\
print(run(sys.executable, "main.py", "--smoke"))"""

_LIST = """\
trials = json.loads(run(sys.executable, "main.py", "--list"))["trials"]
for trial in trials:
    print(trial["id"], "->", ", ".join(trial["claims"]) or "no claim")
print(len(trials), "trials")"""

_PLOT = """\
import matplotlib.pyplot as plt

compared = json.loads(Path("claims.json").read_text(encoding="utf-8"))
measured = [item for item in compared["items"] if item["measured"]]
colors = {"met": "tab:green", "differs": "tab:red"}
if measured:
    figure, axes = plt.subplots(figsize=(7, 1 + 0.3 * len(measured)))
    for row, item in enumerate(measured):
        axes.plot(item["claim"]["value"], row, "k|", markersize=12)
        axes.plot(item["measured"]["value"], row, "o", color=colors.get(item["verdict"], "tab:gray"))
    labels = [f"{item['claim']['id']} {item['claim']['method']}, {item['claim']['dataset']}" for item in measured]
    axes.set_yticks(range(len(measured)), labels)
    axes.invert_yaxis()
    axes.set_xlabel("bar: reported; dot: measured (green: met, red: differs, gray: undecided)")
    figure.tight_layout()
    plt.show()
else:
    print("No trial has been measured yet.")"""


def notebook(title: str, paths: tuple[str, ...]) -> str:
    """The notebook in format 4.5; empty for a repository without trials.

    Args:
        title: of the paper.
        paths: of the files in the repository.
    """
    if RUNNER not in paths:
        return ""
    cells = [
        _markdown(
            f"# {inline(title)}\n\nThis notebook is beside `repo/`, the repository that PaperCoder wrote from the "
            "paper. It runs the repository's code on this machine, without a sandbox."
        ),
        _markdown("## Install"),
        _code(_INSTALL),
        _markdown("## Smoke run\n\nOne seed of everything with tiny settings. Its numbers mean nothing."),
        _code(_SMOKE),
        _markdown("## Trials\n\nA trial is one method on one data set with one seed; each feeds claims of the paper."),
        _code(_LIST),
        _markdown("## Results\n\nWhat was measured before this export, beside what the paper reports."),
        _code(_PLOT),
        _markdown(
            "## The full reproduction\n\n`python main.py` in `repo/` runs all trials that have no result yet, and "
            "writes `results.json`, `results.md` and figures. It can be stopped and started again."
        ),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _markdown(text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": text.splitlines(keepends=True),
    }
