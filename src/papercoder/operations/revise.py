"""Revise a run: resume it with its own settings, or apply a note on the paper to its requirements and configuration."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from papercoder.agents.listings import requirement_lines
from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    Claims,
    DataSources,
    ExperimentConfig,
    LogicDesign,
    OverallPlan,
    Requirements,
)
from papercoder.artifacts.design import Design
from papercoder.errors import RunFolderError
from papercoder.files.regular import is_file, walk, write
from papercoder.operations.generate import open_run
from papercoder.repository.config_text import to_yaml
from papercoder.repository.files import read_files
from papercoder.runs.event_log import EventLog, read_events, trusted_start
from papercoder.runs.events import Emit
from papercoder.runs.folder import load, lock
from papercoder.runs.ownership import is_own
from papercoder.runs.summary import summarise
from papercoder.settings import Settings
from papercoder.stages.amendment import amend, apply_amendment

_PINNED = ("requirements", "data", "architecture", "logic", "config")
"""Artifacts of planning that are used unchanged after a note, even those that it did not change."""


async def apply_note(folder: Path, note: str, settings: Settings, listeners: Iterable[Emit] = ()) -> str:
    """Apply a note to a run's requirements and configuration; the next `generate` uses them.

    Returns:
        What changed, as a diff; empty if the note changes nothing.

    Raises:
        RunFolderError: the run has not finished planning, or the folder cannot be used.
    """
    with lock(folder):
        run, _ = open_run(folder, settings, EventLog(folder, *listeners))
        before = load_design(folder)
        number = sum(path.suffix == ".md" for path in walk(folder, "notes")) + 1
        amendment = await run.step(f"notes/{number}.json", amend, before, note)
        after = apply_amendment(before, amendment, note, f"note:{number}")
        changes = "\n".join(design_diff(before, after))
        if changes:
            write(folder, f"notes/{number}.md", note + "\n")
            changed: dict[str, Artifact] = {
                "requirements": after.requirements,
                "architecture": after.architecture,
                "config": after.config,
            }
            for name, artifact in changed.items():
                write(folder, f"planning/{name}.json", artifact.model_dump_json(indent=1) + "\n")
            for name in _PINNED:
                run.pin(f"planning/{name}.json")
        return changes


def load_design(folder: Path) -> Design:
    """The results of a run's planning.

    Raises:
        RunFolderError: planning is not finished.
    """
    return Design(
        plan=load(folder, "planning/plan.json", OverallPlan),
        requirements=load(folder, "planning/requirements.json", Requirements),
        architecture=load(folder, "planning/architecture.json", ArchitectureDesign),
        logic=load(folder, "planning/logic.json", LogicDesign),
        config=load(folder, "planning/config.json", ExperimentConfig),
        claims=load(folder, "planning/claims.json", Claims),
        data=load(folder, "planning/data.json", DataSources),
    )


def design_diff(before: Design, after: Design) -> Iterator[str]:
    """The difference between two designs: requirements and configuration, line by line."""
    for name, old, new in (
        ("requirements", requirement_lines(before.requirements.items), requirement_lines(after.requirements.items)),
        ("config.yaml", to_yaml(before.config), to_yaml(after.config)),
        ("config.smoke.yaml", to_yaml(before.config, smoke=True), to_yaml(after.config, smoke=True)),
    ):
        yield from difflib.unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="", n=0)


def source_to_resume(folder: Path) -> str | None:
    """The paper to read when a run is resumed: its source, or None for the paper that the run has already read.

    Nothing is read again if another user started the run. A file that is gone, or was given by a relative path, cannot
    be read again. arXiv is not asked again, because a new version of the paper would make everything again.

    Raises:
        RunFolderError: the run was never started.
    """
    start = trusted_start(folder)
    if start is None:
        raise RunFolderError(f"{folder} is not a run folder. Start a run: papercoder run PAPER -o {folder}")
    paper = Path(start.paper)
    is_readable = paper.is_absolute() and paper.exists()
    return None if not is_readable and is_file(folder, "paper.json") else start.paper


def settings_to_resume(folder: Path, given: Mapping[str, Any]) -> Settings:
    """The settings with which the run was started last, replaced by those given; None counts as not given.

    If another user started it, its addresses, sandbox, prompts, prices and models by path are not used.

    Raises:
        SettingsError: a value is invalid.
    """
    start = trusted_start(folder)
    before: dict[str, Any] = {**start.settings, "models": start.models} if start else {}
    if start and not is_own(folder, start) and Settings().max_cost is not None:
        before.pop("max_cost", None)
    now = {name: value for name, value in given.items() if value is not None}
    if "model" in now:
        before = {name: value for name, value in before.items() if name not in _MODEL_SETTINGS}
    elif "models" in now:
        now["models"] = {**before.get("models", {}), **now["models"]}
    return Settings(**{**before, **now})


_MODEL_SETTINGS = frozenset(
    {"models", "base_url", "context_window", "price_cached", "price_completion", "price_prompt"}
)
"""Settings that only apply to the models with which the run was started."""


def cost_warning(folder: Path, settings: Settings) -> str:
    """A warning that the run has reached its cost limit; empty if it has not."""
    spent, limit = summarise(read_events(folder)).cost_usd, settings.max_cost
    if limit is None or not spent or spent < limit:
        return ""
    return (
        f"The run has cost ${spent:.4f} of its limit of ${limit:g}, so no further calls are made. "
        "Give a higher --max-cost if it needs more."
    )


def repository_texts(folder: Path) -> dict[str, str]:
    """The text files of the run's repository: path -> text."""
    return {file.path: file.text for file in read_files(folder / "repo")}


def changed_files(before: dict[str, str], after: dict[str, str]) -> str:
    """What changed between two states of the repository, a line for each file."""
    paths = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    lines = []
    for path in paths:
        old, new = (texts.get(path, "").splitlines() for texts in (before, after))
        diff = list(difflib.unified_diff(old, new, lineterm="", n=0))[2:]
        added, removed = (sum(line.startswith(sign) for line in diff) for sign in "+-")
        lines.append(f"{path}: {added} lines added, {removed} removed")
    return "\n".join(lines) or "No file changed."
