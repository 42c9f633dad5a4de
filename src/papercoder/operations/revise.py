"""Revise a run: resume it with its own settings, or apply a note or edits of requirements and configuration to it."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from papercoder.agents.agent import Agents
from papercoder.agents.listings import requirement_lines
from papercoder.artifacts import (
    ArchitectureDesign,
    Claims,
    ConfigValue,
    DataSources,
    ExperimentConfig,
    LogicDesign,
    OverallPlan,
    Requirements,
)
from papercoder.artifacts.design import ADDED_SETTINGS, Design
from papercoder.datasets.run_data import DATA
from papercoder.errors import RunFolderError, SettingsError
from papercoder.files.regular import is_file, walk, write
from papercoder.models.contract import Price, count_tokens
from papercoder.models.resolve import price_of_spec
from papercoder.operations.edit import pending_edits, put
from papercoder.operations.generate import RunEnvironment, open_run, record_end, run_started
from papercoder.pipeline.adoption import Change, change_between, save_change, with_pending_texts
from papercoder.pipeline.publisher import Files
from papercoder.repository.config_text import config_outline, to_yaml
from papercoder.repository.files import read_files
from papercoder.runs.event_log import EventLog, read_events, trusted_start
from papercoder.runs.events import Emit
from papercoder.runs.folder import load, lock, parse_artifact, require_no_links, step_store
from papercoder.runs.ownership import is_own
from papercoder.runs.run import PlainContext, Run
from papercoder.runs.summary import Summary, summarise
from papercoder.settings import Settings
from papercoder.stages.amendment import (
    AmendedItems,
    amend,
    apply_amendment,
    files_to_edit,
    implement,
    planning_files,
    with_edits,
)

_EDIT_TOKENS = 4_000
"""Estimated completion tokens of the edits for a note."""

REQUIREMENTS, CONFIG = "planning/requirements.json", "planning/config.json"


@dataclass(frozen=True)
class PlannedRevision:
    """What a note changes, before the model edits anything."""

    diff: str
    """Requirements and configuration, before and after; empty if nothing changes."""

    files: tuple[str, ...]
    """The files that the model may edit."""

    prompt_tokens: int
    """Estimated, for the edits."""

    price: Price | None
    """Of the model that writes the edits; None if it is not known."""

    @property
    def description(self) -> str:
        """What changes, what may be edited, and what the edits cost."""
        files = ", ".join((*self.files, "plan", "logic design"))
        return f"{self.diff}\n\nMay be edited: {files}. {self.cost}"

    @property
    def cost(self) -> str:
        """What the edits cost, and what follows."""
        dollars = f", ${self.price.of(self.prompt_tokens, 0, _EDIT_TOKENS):.2f}" if self.price else ""
        tokens = f"about {self.prompt_tokens:,} prompt and {_EDIT_TOKENS:,} completion tokens{dollars}"
        return f"The edits take {tokens}, then what changed is reviewed again."


Confirm = Callable[[PlannedRevision], bool]
"""Shows what a note changes and asks whether to apply it."""


async def apply_note(
    folder: Path,
    note: str,
    settings: Settings,
    listeners: Iterable[Emit] = (),
    confirm: Confirm = lambda _: True,
) -> bool:
    """Apply a note to a run's requirements, configuration, plan and code; the next `generate` checks and runs them.

    Args:
        folder: the run folder.
        note: what someone who knows the paper says.
        settings: model, cost limit.
        listeners: receive every event.
        confirm: called before the model edits the code.

    Returns:
        Whether anything changed.

    Raises:
        RunFolderError: the run has not finished planning, or the folder cannot be used.
        AnswerError: the model gave no valid edits; nothing was changed.
    """
    with lock(folder):
        log = EventLog(folder, *listeners)
        run, _ = open_run(folder, settings, log)
        earlier = summarise(read_events(folder))
        log(run_started(run.context, earlier.paper, settings))
        with record_end(log) as end:
            is_changed = await _apply_note(run, folder, note, confirm)
            end.reason = _APPLIED if is_changed else _reason_of(earlier)
        return is_changed


_APPLIED = "a note changed the run; resume it to review and execute the code"


def _reason_of(earlier: Summary) -> str:
    """Why a run is not complete that a note has not changed."""
    return "" if earlier.status == "complete" else earlier.reason or "it was interrupted"


async def _apply_note(run: Run[Agents], folder: Path, note: str, confirm: Confirm) -> bool:
    before, files = load_design(folder), with_pending_texts(folder, read_files(folder / "repo"))
    number = sum(path.suffix == ".md" for path in walk(folder, "notes")) + 1
    amendment = await run.step(f"notes/{number}.json", amend, before, note)
    after = apply_amendment(before, amendment, note, f"note:{number}")
    planned = _planned(before, after, files, run.context.models["coding"].price)
    if not planned.diff or not confirm(planned):
        return False
    await _edit_code(run, f"notes/{number}-edits.json", (before, after), files)
    write(folder, f"notes/{number}.md", note + "\n")
    return True


async def apply_edits(
    folder: Path,
    texts: Mapping[str, str],
    settings: Settings,
    listeners: Iterable[Emit] = (),
    environment: RunEnvironment | None = None,
) -> None:
    """Let the model edit plan and code so that they follow edited requirements and settings; the rest stays.

    The next `generate` reviews and runs what changed.

    Args:
        folder: the run folder.
        texts: the edited artifacts, `REQUIREMENTS` and `CONFIG`; they are written as the user's edits.
        settings: model, cost limit.
        listeners: receive every event.
        environment: None: this machine, with nothing shared.

    Raises:
        ArtifactError: a text is not valid for its artifact.
        RunFolderError: the folder cannot be used.
        AnswerError: the model gave no valid edits; nothing was changed.
    """
    with lock(folder):
        log = EventLog(folder, *listeners)
        run, _ = open_run(folder, settings, log, environment)
        log(run_started(run.context, summarise(read_events(folder)).paper, settings))
        with record_end(log) as end:
            before, files = _applied_design(folder), with_pending_texts(folder, read_files(folder / "repo"))
            number = sum(1 for _ in walk(folder, "edits")) + 1
            await _edit_code(run, f"edits/{number}.json", (before, edited_design(folder, before, texts)), files, texts)
            end.reason = "an edit changed the run; resume it to review and execute the code"


async def adopt_settings(folder: Path, texts: Mapping[str, str], listeners: Iterable[Emit] = ()) -> None:
    """Use edited settings on which no code depends; the next `generate` keeps everything else as it is.

    Raises:
        RunFolderError: the folder cannot be used.
    """
    with lock(folder):
        for artifact, text in texts.items():
            put(folder, artifact, text)
        log = EventLog(folder, *listeners)
        await save_change(Run(folder, PlainContext(log), log, step_store(folder)), Change(texts={}, affected=()))


async def _edit_code(
    run: Run[Agents],
    artifact: str,
    designs: tuple[Design, Design],
    files: Files,
    texts: Mapping[str, str] | None = None,
) -> None:
    """Let the model edit plan, logic and code from one design to another, and leave the rest to the next pass."""
    before, after = designs
    items = _changed_items(before, after)
    outline = config_outline(to_yaml(after.config), after.config)
    edits = await run.step(
        artifact, implement, items, before.plan, before.logic, outline, files_to_edit(after, files, items)
    )
    changed = with_edits(after, files, edits)
    for name, text in (texts or {}).items():
        put(run.folder, name, text)
    await save_change(run, change_between((before, files), changed))


def planned_edits(folder: Path, texts: Mapping[str, str], settings: Settings) -> PlannedRevision | None:
    """What `apply_edits` changes and costs; None if it cannot apply these edits.

    It edits code for changed requirements and settings. A requirement that is new or removed changes the plan of the
    files, so everything is made again.

    Raises:
        ArtifactError: a text is not valid for its artifact.
    """
    files = read_files(folder / "repo")
    if not files or not texts or not set(texts) <= {REQUIREMENTS, CONFIG} or not is_file(folder, DATA):
        return None
    before = _applied_design(folder)
    after = edited_design(folder, before, texts)
    if before.requirements.ids != after.requirements.ids or not after.requirements.items:
        return None
    try:
        price = price_of_spec(settings.model_for("coding"), settings)
    except SettingsError:  # of another machine
        price = None
    planned = _planned(before, after, files, price)
    return planned if planned.diff else None


def edited_design(folder: Path, design: Design, texts: Mapping[str, str]) -> Design:
    """The design of a run with edited requirements and settings.

    Raises:
        ArtifactError: a text is not valid for its artifact.
    """
    changed: dict[str, Any] = {}
    if REQUIREMENTS in texts:
        changed["requirements"] = parse_artifact(REQUIREMENTS, Requirements, texts[REQUIREMENTS])
    if CONFIG in texts:
        edited = parse_artifact(CONFIG, ExperimentConfig, texts[CONFIG])
        assert isinstance(edited, ExperimentConfig)
        changed["config"] = edited.with_added(added_settings(folder))
    return replace(design, **changed)


def _planned(before: Design, after: Design, files: Files, price: Price | None) -> PlannedRevision:
    editable = files_to_edit(after, files, _changed_items(before, after))
    tokens = sum(count_tokens(file.text) for file in (*planning_files(before.plan, before.logic), *editable))
    diff = "\n".join(design_diff(before, after))
    return PlannedRevision(diff, tuple(file.path for file in editable), tokens, price)


def _changed_items(before: Design, after: Design) -> AmendedItems:
    known, values = set(before.requirements.items), set(before.config.values)
    changed = {item.id for item in after.requirements.items if item not in known}
    old, new = to_yaml(before.config).splitlines(), to_yaml(after.config).splitlines()
    return AmendedItems(
        requirements_before=before.requirements.pick(changed),
        requirements=after.requirements.pick(changed),
        settings=tuple(difflib.unified_diff(old, new, "before", "after", lineterm="", n=0))[2:],
        keys=tuple(value.key for value in after.config.values if value not in values),
    )


def load_design(folder: Path) -> Design:
    """The results of a run's planning.

    Raises:
        RunFolderError: planning is not finished, or its profile reads no requirements.
    """
    if is_file(folder, "planning/logic.json") and not is_file(folder, REQUIREMENTS):
        raise RunFolderError(
            f"{folder} was made with a profile that reads neither requirements nor claims. Make a new run with "
            "`--profile full`."
        )
    return Design(
        plan=load(folder, "planning/plan.json", OverallPlan),
        requirements=load(folder, REQUIREMENTS, Requirements),
        architecture=load(folder, "planning/architecture.json", ArchitectureDesign),
        logic=load(folder, "planning/logic.json", LogicDesign),
        config=load(folder, CONFIG, ExperimentConfig).with_added(added_settings(folder)),
        claims=load(folder, "planning/claims.json", Claims),
        data=load(folder, DATA, DataSources),
    )


def _applied_design(folder: Path) -> Design:
    """The results of planning that the code follows: without the edits that are saved and not applied yet."""
    before = {name: text for name, text in pending_edits(folder).before.items() if text is not None}
    return edited_design(folder, load_design(folder), before)


def added_settings(folder: Path) -> tuple[ConfigValue, ...]:
    """The settings that analyses found missing in the configuration."""
    return load(folder, ADDED_SETTINGS, ExperimentConfig).values if is_file(folder, ADDED_SETTINGS) else ()


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
    before: dict[str, Any] = {"coding": "layered", **start.settings, "models": start.models} if start else {}
    if start and not is_own(folder, start):
        own = Settings()
        before["blacklist"] = [*own.blacklist, *before.get("blacklist", ())]
        if own.max_cost is not None:
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
    """The text files of the run's repository: path -> text.

    Raises:
        RunFolderError: the run folder has links where a run writes.
    """
    require_no_links(folder)
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
