"""Run folders for tests, from empty to complete."""

from pathlib import Path

from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    Claim,
    Claims,
    ConfigValue,
    DataSources,
    ExperimentConfig,
    FileLogic,
    FilePlan,
    ImportedNames,
    Location,
    LogicDesign,
    Mark,
    Ordering,
    OverallPlan,
    Requirement,
    Requirements,
    Trace,
    Traceability,
    Verdict,
    Verdicts,
)
from papercoder.artifacts.coding import CheckReport, Finding
from papercoder.artifacts.execution import ExecutionReport, StepResult
from papercoder.claims.verdicts import compare
from papercoder.runs.events import ArtifactMade, ArtifactStarted, CallMade, Event, RunEnded, RunStarted, Warned
from papercoder.runs.ownership import seal_output
from tests.claims.results import seeds
from tests.datasets.servers import source
from tests.diagrams.sources import CLASSES, SEQUENCE

CODE = '"""Fits."""\n\n\ndef loss(x, y):\n    # R1: squared error\n    return ((x - y) ** 2).mean()\n'

EVENTS: tuple[Event, ...] = (
    RunStarted(at=1000.0, paper="paper.tex", models={"coding": "openai:small"}, profile="full"),
    Warned(at=1001.0, where="reading", message="2 figures have no text."),
    ArtifactStarted(at=1002.0, artifact="planning/plan.json"),
    CallMade(
        at=1030.0,
        agent="overall_plan",
        subject="",
        model="m",
        prompt=9000,
        cached=0,
        completion=900,
        cost_usd=0.04,
        seconds=9,
    ),
    ArtifactMade(at=1060.0, artifact="planning/plan.json", seconds=58, calls=1),
    CallMade(
        at=1090.0,
        agent="coding",
        subject="main.py",
        model="m",
        prompt=20000,
        cached=5000,
        completion=2000,
        cost_usd=None,
        seconds=9,
    ),
    Warned(at=1095.0, where="coding", message="`main.py` was cut."),
    RunEnded(at=1100.0, status="complete"),
)


def requirement(number: int, **changes: object) -> Requirement:
    """A requirement."""
    values: dict[str, object] = {
        "id": f"R{number}",
        "kind": "method",
        "statement": f"The loss is squared, number {number}.",
        "anchor": f"2¶{number}",
        "quote": "the squared error",
        "status": "stated",
        "quote_found": True,
    }
    return Requirement.model_validate(values | changes)


REQUIREMENTS = Requirements(
    items=(
        requirement(1),
        requirement(2, status="assumed", quote="", quote_found=False, alternatives=("Adam", "SGD")),
        requirement(3, quote_found=False),
    )
)
ARCHITECTURE = ArchitectureDesign(
    approach="Plain `numpy`.",
    files=(FilePlan(path="fit.py", purpose="Fits.", owns=("R1", "R3")), FilePlan(path="main.py", purpose="Starts.")),
    class_diagram=CLASSES,
    sequence_diagram=SEQUENCE,
    unclear=("The seed is open; 0 is used.",),
)
LOGIC = LogicDesign(
    packages=("numpy>=1.26",),
    shared_knowledge="",
    files=(
        FileLogic(path="fit.py", implements="The loss."),
        FileLogic(path="main.py", implements="All.", imports=(ImportedNames(path="fit.py", names=("loss",)),)),
    ),
)
CONFIG = ExperimentConfig(
    values=(
        ConfigValue(key="training.rate", value=0.1, source="requirement", requirement="R1", smoke=None),
        ConfigValue(key="seed", value=0, source="assumed", alternatives=("1", "2"), meaning="of all chance"),
        ConfigValue(key="sizes", value=(8, 16), smoke=(2,), source="quote", quote="sizes 8 and 16"),
    )
)
PLAN = OverallPlan(summary="x", method="x", data="x", training="x", evaluation="x", experiments=(), unclear=("Rate.",))


def claim(number: int, value: float, **changes: object) -> Claim:
    """A claim."""
    values: dict[str, object] = {
        "id": f"C{number}",
        "anchor": "tab:1",
        "experiment": "main",
        "method": f"method {number}",
        "dataset": "moons",
        "metric": "error",
        "value": value,
        "quote": f"{value}",
    }
    return Claim.model_validate(values | changes)


ORDERING = Ordering(
    id="O1",
    anchor="tab:1",
    experiment="main",
    dataset="moons",
    metric="error",
    direction="lower",
    methods=("method 2", "method 1"),
    claims=("C2", "C1"),
    statement="error on moons: method 2 is better than method 1.",
)
CLAIMS = Claims(
    items=(claim(1, 0.5, spread=0.1), claim(2, 0.25), claim(3, 3.0, metric="time", anchor="4¶1")), orderings=(ORDERING,)
)
REPRODUCED = compare(
    CLAIMS,
    [
        *seeds(0.53, 0.55, 0.57, method="method 1", metric="error"),
        *seeds(0.9, method="method 2", metric="error"),
        *seeds(7.0, method="method 4", metric="error"),
    ],
)
VERDICTS = Verdicts(
    verdicts=(
        Verdict(
            requirement="R1", verdict="implemented", evidence=(Location(path="fit.py", line=6),), reason="It squares."
        ),
        Verdict(requirement="R2", verdict="contradicts", degradation="changed_constant", reason="It takes `SGD`."),
    )
)
CHECKS = CheckReport(
    files=2,
    checks=("imports",),
    findings=(
        Finding(check="imports", severity="error", path="main.py", line=1, message="No `x`.", advice="Add it."),
        Finding(check="imports", severity="warning", path=".", message="Odd.", advice="Look."),
    ),
)
STEPS = (
    StepResult(step="install", status="passed", command="pip install", exit_code=0, seconds=3, peak_memory_mb=100),
    StepResult(step="import", status="passed", command="python -c 'import main'", exit_code=0, seconds=1),
)


def execution(status: str = "passed") -> ExecutionReport:
    """An execution that passed, or that failed at the last step."""
    last = StepResult.model_validate(
        {
            "step": "smoke",
            "status": status,
            "command": "./reproduce.sh --smoke",
            "exit_code": 0 if status == "passed" else 1,
            "seconds": 4000,
            "peak_memory_mb": 2500,
            "output": "\x1b[31mepoch 1\x1b[0m\nlast line",
            "reason": "" if status == "passed" else "KeyError: 'lr'",
        }
    )
    return ExecutionReport(steps=(*STEPS, last), sandbox="bubblewrap", notes=("Memory was not held.",))


def write(folder: Path, name: str, content: Artifact | str) -> None:
    """Put a file into a run folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else content.model_dump_json(), encoding="utf-8")


def bare_folder(folder: Path, events: tuple[Event, ...] = EVENTS) -> Path:
    """A run of which only the events are there."""
    write(folder, "events.jsonl", "".join(f"{event.model_dump_json()}\n" for event in events))
    return folder


def planned_folder(folder: Path) -> Path:
    """A run with a plan and code, and nothing after it."""
    bare_folder(folder)
    write(folder, "paper.md", "# A Tiny Method\n\nText.")
    for name, artifact in (
        ("plan", PLAN),
        ("requirements", REQUIREMENTS),
        ("architecture", ARCHITECTURE),
        ("logic", LOGIC),
        ("config", CONFIG),
    ):
        write(folder, f"planning/{name}.json", artifact)
    write(folder, "repo/fit.py", CODE)
    write(folder, "repo/main.py", "import fit\n")
    owners = {"R1": "fit.py", "R3": "fit.py"}
    traces = [
        Trace(
            requirement=item,
            owner=owners.get(item.id),
            marks=(Mark(path="fit.py", line=5),) if item.id == "R1" else (),
        )
        for item in REQUIREMENTS.items
    ]
    write(folder, "repo/TRACEABILITY.json", Traceability(traces=tuple(traces)))
    return folder


DATA = DataSources(
    items=(
        source(name="dots", fallback_details="Points in the unit square.", requirements=("R1",), size_bytes=3000),
        source(name="iris", kind="package", id="sklearn.datasets.load_iris", licence="BSD", id_found=True),
    )
)


def full_folder(folder: Path, status: str = "passed") -> Path:
    """A run with all that a run can have."""
    planned_folder(folder)
    write(folder, "planning/claims.json", CLAIMS)
    write(folder, "planning/data.json", DATA)
    write(folder, "review/verdicts.json", VERDICTS)
    write(folder, "checking/report.json", CHECKS)
    write(folder, "execution/report.json", execution(status))
    write(folder, "reproduction/claims.json", REPRODUCED)
    for name in ("execution/report.json", "reproduction/claims.json"):
        seal_output(folder, name, (folder / name).read_text(encoding="utf-8"))
    return folder
