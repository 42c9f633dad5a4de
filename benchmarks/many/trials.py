"""Papers that state results, and executions of simulated repositories that start no process."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from papercoder.artifacts import ExecutionReport, MutationReport, StepName, StepResult, TrialResult
from papercoder.artifacts.execution import Outcome, Trial
from papercoder.bench.manifest import Manifest, ModelChoice, PaperEntry, ReproductionSpec, Variant
from papercoder.bench.ray.host import Host
from papercoder.models.simulated.project import EXPERIMENT
from papercoder.pipeline import property_tests, publisher, reproduction
from papercoder.stages import checking
from papercoder.stages.reproduction import places
from papercoder.stages.reproduction.preparation import Preparation
from papercoder.stages.reproduction.trial import TrialOutcome, TrialRequest

METHODS, DATASETS, SEEDS = ("ours", "baseline"), ("small", "large"), 3
MEASURED = {"ours": 42.0, "baseline": 40.0}
"""Method -> what its trials measure on any data set."""

KINDS = ("met", "differs", "toy", "not run")
"""What the claims of papers 0, 1, 2, 3, 4, ... come to, in turn."""

_TEXT = """\
# Simulated paper {number}

Values pass through layers of steps.

## Method

The first step multiplies its value by {number}. The second adds a constant to it.

## Experiments

We find that ours has a value of {ours} on {dataset}, and that baseline has a value of {baseline} on {dataset}.
"""


def kind(number: int) -> str:
    """What the claims of this paper come to."""
    return KINDS[number % len(KINDS)]


def paper_text(number: int) -> str:
    """A paper in Markdown with two claims, which are met, differ, or name a data set that no trial has."""
    factor = 2.0 if kind(number) == "differs" else 1.0
    dataset = "elsewhere" if kind(number) == "not run" else "small"
    values = {name: f"{factor * value:.1f}" for name, value in MEASURED.items()}
    return _TEXT.format(number=number, dataset=dataset, **values)


class NoProcess(Preparation):
    """Lists and runs the trials of a simulated repository in place of its code."""

    async def run(self, argv: tuple[str, ...], folder: Path, *_: Any, **__: Any) -> Outcome:
        """Write what the command would write."""
        if argv[0] == "sh":
            content = json.loads((folder / "claims.json").read_text(encoding="utf-8"))["claims"]
            trials = [trial.model_dump() for trial in _trials(content)]
            (folder / "trial-list.json").write_text(json.dumps({"trials": trials}), encoding="utf-8")
        else:
            (folder / "results").mkdir(exist_ok=True)
            for option, name in pairwise(argv):
                if option == "--trial":
                    result = _result(next(trial for trial in _trials([]) if trial.id == name))
                    (folder / "results" / f"{name}.json").write_text(result.model_dump_json(), encoding="utf-8")
        return Outcome(exit_code=0, seconds=0.0, sandbox="none")


def _trials(claims: list[dict[str, Any]]) -> Iterator[Trial]:
    names = [(method, dataset) for method in METHODS for dataset in DATASETS]
    for method, dataset in names:
        about = tuple(claim["id"] for claim in claims if (claim["method"], claim["dataset"]) == (method, dataset))
        for seed in range(SEEDS):
            name = f"{method}-{dataset}-{seed}"
            yield Trial(id=name, experiment=EXPERIMENT, method=method, dataset=dataset, seed=seed, claims=about)


def _result(trial: Trial) -> TrialResult:
    return TrialResult(trial=trial, status="done", measured={"value": MEASURED[trial.method]})


async def prepare(*_: object) -> Preparation:
    """Nothing is installed."""
    unused: Any = None
    return NoProcess(unused, unused, unused)


async def execute_files(*_: object) -> ExecutionReport:
    """Every step passes."""
    steps: tuple[StepName, ...] = get_args(StepName)
    return ExecutionReport(steps=tuple(StepResult(step=step, status="passed") for step in steps), sandbox="none")


async def run_against_versions(_: object, __: object, test: str, tested: str, *___: object) -> MutationReport:
    """No wrong version is tried."""
    return MutationReport(path=tested, test=test, passed=(), failed=(), versions=(), left=0, reason="Simulated.")


def run_task(request: TrialRequest, *_: object) -> Iterator[TrialOutcome]:
    """A trial as a Ray task."""
    result = _result(request.trial).model_copy(update={"scale": request.scale})
    yield TrialOutcome(result, 0.0, 0.0)


class NoProcessHost(Host):
    """A host on a cluster whose entries start no process."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        start_no_processes()


def claims_manifest(papers: int, at_once: int, folder: Path) -> Manifest:
    """A bench that asks for the trials and the diagnosis of papers that it writes into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for number in range(papers):
        path = folder / f"{number:03}.md"
        path.write_text(paper_text(number), encoding="utf-8")
        toy = ReproductionSpec(scale=0.5) if kind(number) == "toy" else None
        entries.append(PaperEntry(id=f"paper{number:03}", paper=str(path), reproduction=toy))
    sizes = "requirements=20,architecture=20,logic=20,config=20,analysis=20,coding=60"
    spec = f"simulated:files=3,width=2,speed=100000,{sizes}"
    return Manifest(
        name="claims",
        papers=tuple(entries),
        variants=(Variant(name="full"),),
        models=(ModelChoice(name="simulated", model=spec),),
        reproduction=ReproductionSpec(budget=3600.0, diagnosis=600.0),
        papers_at_once=at_once,
        concurrency=10_000,
    )


def start_no_processes(replace: Callable[[Any, str, Any], None] = setattr) -> None:
    """Replace executions and trials, in this process, by ones that start no process."""
    replace(reproduction, "prepare", prepare)
    replace(publisher, "execute_files", execute_files)
    replace(property_tests, "run_against_versions", run_against_versions)
    replace(places, "_task", run_task)
    replace(checking, "CHECKS", ())
