"""What tests share: a tiny paper, the artifacts of a tiny plan, and a scripted model."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from papercoder.agents.agent import Agents
from papercoder.agents.prompts import Prompts
from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    ConfigValue,
    Equation,
    ExperimentConfig,
    FileLogic,
    FilePlan,
    ImportedNames,
    LogicDesign,
    OverallPlan,
    Paper,
    Paragraph,
    Requirement,
    RequirementDraft,
    Requirements,
    Section,
    Table,
)
from papercoder.models.contract import Answer, Model, Price, Request
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade, CallStarted, Emit, Event
from papercoder.settings import ROLES

E = TypeVar("E")

Says = str | Artifact | Callable[[Request], "str | Artifact"]
"""An answer, or what makes one of the request."""

SIMULATED = "simulated:files=4,width=2,speed=100000"

MARKDOWN = """\
# A Tiny Method for Tests

## Abstract

We fit a line by gradient descent and show that it works.

## 1 Introduction

Fitting lines matters. We propose TinyFit, a method with one parameter.

## 2 Method

The model predicts the target as a scaled input, with one weight and no bias.

$$ \\hat{y} = w x $$ (1)

The loss is the mean squared error between prediction and target, averaged over the batch.

## 3 Experiments

We train for 40 epochs with a learning rate of 0.05 and a batch size of 16.
"""

PAPER = Paper(
    title="A Tiny Method for Tests",
    abstract="We fit a line by gradient descent and show that it works.",
    source="markdown",
    sections=(
        Section(
            anchor="1",
            level=1,
            title="Method",
            blocks=(
                Paragraph(anchor="1¶1", text="The model predicts the target as a scaled input, with no bias."),
                Equation(anchor="eq:1", text=r"\hat{y} = w x", number="1"),
                Paragraph(anchor="1¶2", text="The loss is the mean squared error, averaged over the batch."),
            ),
        ),
        Section(
            anchor="2",
            level=1,
            title="Experiments",
            blocks=(
                Paragraph(
                    anchor="2¶1",
                    text="We train for 40 epochs with a learning rate of 0.05 and a batch size of 16, on 10,000 dots.",
                ),
                Table(anchor="tab:1", caption="Errors.", rows=(("method", "error"), ("TinyFit", "0.12"))),
            ),
        ),
    ),
)

PLAN = OverallPlan(
    summary="A line is fitted.",
    method="y = w x [eq:1]",
    data="Random points.",
    training="Gradient descent.",
    evaluation="Mean squared error.",
    experiments=("Fit once.",),
)


def draft(**changes: Any) -> RequirementDraft:
    """A requirement as an agent would find it."""
    fields: dict[str, Any] = {
        "kind": "method",
        "statement": "The prediction is w x.",
        "anchor": "1¶1",
        "quote": "The model predicts the target as a scaled input",
        "status": "stated",
    }
    return RequirementDraft(**{**fields, **changes})


def requirement(name: str = "R1", **changes: Any) -> Requirement:
    """A requirement with its number."""
    return Requirement(**{**draft(**changes).model_dump(), "id": name, "quote_found": True})


REQUIREMENTS = Requirements(
    items=(
        requirement("R1"),
        requirement(
            "R2",
            kind="training",
            statement="The learning rate is 0.05.",
            anchor="2¶1",
            quote="a learning rate of 0.05",
        ),
    )
)

CLASSES = "classDiagram\nclass Model {\n  +w: float\n}"
SEQUENCE = "sequenceDiagram\nexperiments->>model: fit(x)\nmodel-->>experiments: w"


def architecture(**owns: tuple[str, ...]) -> ArchitectureDesign:
    """`tinyfit/model.py` and `tinyfit/experiments.py`, which own what is given, else R1 and R2."""
    owned = owns or {"model": ("R1",), "experiments": ("R2",)}
    return ArchitectureDesign(
        approach="Two files.",
        files=tuple(
            FilePlan(path=f"tinyfit/{name}.py", purpose=f"Holds {name}.", owns=owned.get(name, ()))
            for name in dict.fromkeys(("model", "experiments", *owned))
        ),
        class_diagram=CLASSES,
        sequence_diagram=SEQUENCE,
    )


LOGIC = LogicDesign(
    packages=("numpy>=1.26", "pyyaml>=6.0"),
    files=(
        FileLogic(path="tinyfit/model.py", implements="R1.", signatures=("def predict(w: float, x: float) -> float",)),
        FileLogic(
            path="tinyfit/experiments.py",
            implements="R2.",
            imports=(ImportedNames(path="tinyfit/model.py", names=("predict",)),),
            signatures=("def trials(config)", "def run_trial(trial, config, progress)"),
        ),
    ),
    shared_knowledge="All values are floats.",
)


def setting(key: str, value: Any, **changes: Any) -> ConfigValue:
    """A value of the configuration, assumed where nothing else is said."""
    return ConfigValue(**{"key": key, "value": value, "source": "assumed", **changes})


CONFIG = ExperimentConfig(
    values=(
        setting("data.synthetic", value=False, smoke=True),
        setting("training.learning_rate", 0.05, source="requirement", requirement="R2"),
        setting("training.epochs", 40, smoke=1, source="quote", quote="We train for 40 epochs"),
        setting("seed", 0, alternatives=("1",)),
    )
)

MODEL_PY = "def predict(w: float, x: float) -> float:\n    # R1: scaled input\n    return w * x\n"
EXPERIMENTS_PY = """\
import json
import math

from tinyfit.model import predict
from trials import Progress, Trial


def trials(config: dict) -> list[Trial]:
    return [Trial("main", "TinyFit", "dots", config["seed"])]


def run_trial(trial: Trial, config: dict, progress: Progress) -> dict[str, float]:
    rate = config["training"]["learning_rate"]  # R2: learning rate
    progress(1.0, settings=len(json.dumps(config)))
    return {"error": math.fabs(predict(rate, 2.0))}
"""
MAIN_PY = """\
import argparse
import json

import yaml

from model import predict


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", default="config.yaml")
    with open(parser.parse_args().config, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    rate = config["training"]["learning_rate"]  # R2: learning rate
    with open("results.json", "w", encoding="utf-8") as file:
        json.dump({"results": [predict(rate, 2.0)]}, file)


if __name__ == "__main__":
    main()
"""


class Scripted:
    """Answers by agent: one answer for all calls, or a list of them, the last of which is repeated."""

    price: Price | None = Price(prompt=0.0, cached=0.0, completion=0.0)

    def __init__(
        self, answers: Mapping[str, Says | list[Says]], context_window: int = 200_000, name: str = "scripted:test"
    ) -> None:
        self.name = name
        self.context_window = context_window
        self.requests: list[Request] = []
        self._answers = answers

    async def answer(self, request: Request) -> Answer:
        before = len(self.of(request.agent))
        self.requests.append(request)
        says = self._answers[request.agent]
        if isinstance(says, list):
            says = says[min(before, len(says) - 1)]
        said = says(request) if callable(says) else says
        return Answer(text=said if isinstance(said, str) else said.model_dump_json())

    def of(self, agent: str) -> list[Request]:
        """The requests of this agent so far."""
        return [request for request in self.requests if request.agent == agent]


def make_agents(model: Model, emit: Emit = lambda _: None, prompts: Path | None = None, **changes: Any) -> Agents:
    """The context of a stage, with this model in all roles."""
    fields: dict[str, Any] = {"max_tokens": 4000, "answer_retries": 2, "folder": "runs/tiny", **changes}
    return Agents(models=dict.fromkeys(ROLES, model), prompts=Prompts(prompts), emit=emit, **fields)


def of_kind(events: Iterable[Event], kind: type[E]) -> list[E]:
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


async def cancel_at(happened: Callable[[Event], bool], start: Callable[[Emit], Awaitable[object]]) -> None:
    """Start a run with a listener that cancels it at an event, as Ctrl-C does.

    Raises:
        CancelledError: it was cancelled.
    """

    def listen(event: Event) -> None:
        if happened(event) and not run.cancelling():
            run.cancel()

    async def running() -> None:
        await start(listen)

    run = asyncio.create_task(running())
    await run


def calls_made(folder: Path) -> "Counter[tuple[str, str]]":
    """(agent, subject) -> calls that were made and paid for."""
    return Counter((call.agent, call.subject) for call in of_kind(read_events(folder), CallMade))


def calls_in_flight(events: Iterable[Event]) -> "Counter[tuple[str, str]]":
    """(agent, subject) -> calls that were sent and not answered."""
    events = list(events)
    sent = Counter((call.agent, call.subject) for call in of_kind(events, CallStarted))
    return sent - Counter((call.agent, call.subject) for call in of_kind(events, CallMade))


def tree(folder: Path) -> dict[str, bytes]:
    """Path -> bytes of all files below a folder, except git's."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def without_tests(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a repository that do not change when its tests are executed, strengthened and repaired."""
    return {path: text for path, text in files.items() if not path.startswith(("tests/", "TRACEABILITY"))}


def git(folder: Path, *arguments: str) -> str:
    """What git says in a repository."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def history_of(repository: Path) -> list[str]:
    """Tree and message of each commit."""
    return git(repository, "log", "--format=%T %an %s").splitlines()
