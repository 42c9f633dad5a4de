"""Revision: what someone who knows says of the paper goes into requirements and settings; only that is made anew."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from papercoder.agents.listings import requirement_lines
from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    Claims,
    ExperimentConfig,
    LogicDesign,
    OverallPlan,
    Requirements,
)
from papercoder.artifacts.design import Design
from papercoder.errors import RunFolderError
from papercoder.operations.generate import open_run
from papercoder.repository.config_text import to_yaml
from papercoder.repository.files import read_files
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import Emit, RunStarted
from papercoder.runs.folder import load, lock
from papercoder.runs.store import write_synced
from papercoder.runs.summary import summarise
from papercoder.settings import Settings
from papercoder.stages.amendment import amend, amended

PLANNED = ("requirements", "architecture", "logic", "config")
"""What an amendment settles: changed or not, it is used as it is from then on."""


async def amend_run(folder: Path, note: str, settings: Settings, listeners: Iterable[Emit] = ()) -> str:
    """Put a note into a run's requirements and settings, for the next `generate` to go on from.

    Returns:
        What changed, as a diff; empty where the note changes nothing.

    Raises:
        RunFolderError: the run has not planned yet, or the folder cannot be used.
    """
    with lock(folder):
        run, _ = open_run(folder, settings, EventLog(folder, *listeners))
        before = load_design(folder)
        number = len(list((folder / "notes").glob("*.md"))) + 1
        amendment = await run.step(f"notes/{number}.json", amend, before, note)
        after = amended(before, amendment, note, f"note:{number}")
        changes = "\n".join(diff(before, after))
        if changes:
            write_synced(folder / "notes" / f"{number}.md", note + "\n")
            _write(folder, after)
            for name in PLANNED:
                run.pin(f"planning/{name}.json")
        return changes


def _write(folder: Path, design: Design) -> None:
    """As the user's edits, which the run then takes as they are."""
    changed: dict[str, Artifact] = {
        "requirements": design.requirements,
        "architecture": design.architecture,
        "config": design.config,
    }
    for name, artifact in changed.items():
        write_synced(folder / "planning" / f"{name}.json", artifact.model_dump_json(indent=1) + "\n")


def load_design(folder: Path) -> Design:
    """What planning made in a run.

    Raises:
        RunFolderError: planning is not done.
    """
    return Design(
        plan=load(folder, "planning/plan.json", OverallPlan),
        requirements=load(folder, "planning/requirements.json", Requirements),
        architecture=load(folder, "planning/architecture.json", ArchitectureDesign),
        logic=load(folder, "planning/logic.json", LogicDesign),
        config=load(folder, "planning/config.json", ExperimentConfig),
        claims=load(folder, "planning/claims.json", Claims),
    )


def diff(before: Design, after: Design) -> Iterator[str]:
    """What changed between two designs: requirements and configuration, line by line."""
    for name, old, new in (
        ("requirements", requirement_lines(before.requirements.items), requirement_lines(after.requirements.items)),
        ("config.yaml", to_yaml(before.config), to_yaml(after.config)),
        ("config.smoke.yaml", to_yaml(before.config, smoke=True), to_yaml(after.config, smoke=True)),
    ):
        yield from difflib.unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="", n=0)


def paper_of(folder: Path) -> str | None:
    """What to read to go on with a run: the file that it was started with last, or None: the paper as the run kept it.

    A file that is gone, or was named from a working folder that nobody knows, cannot be read again, and need not be.
    Nor is arXiv asked again: it may have another version by now, of which all would be made anew.

    Raises:
        RunFolderError: it was never started.
    """
    started = [event for event in read_events(folder) if isinstance(event, RunStarted)]
    if not started:
        raise RunFolderError(f"{folder} is no run folder. Make one: papercoder run PAPER -o {folder}")
    paper = Path(started[-1].paper)
    is_there = paper.is_absolute() and paper.exists()
    return None if not is_there and (folder / "paper.json").is_file() else started[-1].paper


def settings_of(folder: Path, given: Mapping[str, Any]) -> Settings:
    """Settings as the run was started with last, but for those that are given; None counts as not given.

    Raises:
        SettingsError: a value is wrong.
    """
    started = [event for event in read_events(folder) if isinstance(event, RunStarted)]
    before: dict[str, Any] = {**started[-1].settings, "models": started[-1].models} if started else {}
    now = {name: value for name, value in given.items() if value is not None}
    if "model" in now:
        before = {name: value for name, value in before.items() if name not in _OF_THE_MODEL}
    elif "models" in now:
        now["models"] = {**before.get("models", {}), **now["models"]}
    return Settings(**{**before, **now})


_OF_THE_MODEL = frozenset({"models", "base_url", "context_window", "price_cached", "price_completion", "price_prompt"})
"""What belongs to the models that the run was started with."""


def overspent(folder: Path, settings: Settings) -> str:
    """What is told where a run has cost all that it may; empty where it has not."""
    spent, cap = summarise(read_events(folder)).cost_usd, settings.max_cost
    if cap is None or not spent or spent < cap:
        return ""
    return (
        f"The run has cost ${spent:.4f} and may cost ${cap:g}, by --max-cost now or when it was started last: nothing "
        "more is paid for. Give a higher --max-cost to go on where that is needed."
    )


def tree_of(folder: Path) -> dict[str, str]:
    """The text files of the run's repository as they are now: path -> text."""
    return {file.path: file.text for file in read_files(folder / "repo")}


def changes(before: dict[str, str], after: dict[str, str]) -> str:
    """What was made anew, a line for each file."""
    paths = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    return "\n".join(_change(path, before.get(path, ""), after.get(path, "")) for path in paths) or "No file changed."


def _change(path: str, before: str, after: str) -> str:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    added, gone = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return f"{path}: {added} lines added, {gone} removed"
