"""The parts of a run's live page as HTML; all text is escaped."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import get_args

from jinja2 import Environment
from markupsafe import Markup

from papercoder.artifacts import LogicDesign
from papercoder.artifacts.claims import ClaimVerdict
from papercoder.report import diagrams
from papercoder.report.formatting import duration
from papercoder.report.planned_files import FileView
from papercoder.report.rendering import environment
from papercoder.runs.events import ExecutionStepEnded
from papercoder.runs.reproduction_progress import ReproductionProgress
from papercoder.web.parts.tabs import address
from papercoder.web.runs.view import ActiveCall, StageView, State, View

_MAX_NAMES = 5
"""Names in a list before `and 3 more`."""

_MAX_CLAIMS = 60
"""Claims before `and 3 earlier`."""

STATE_LABELS: dict[State, str] = {
    "new": "not started",
    "running": "running",
    "pausing": "pausing",
    "paused": "paused",
    "stopping": "stopping",
    "interrupted": "interrupted",
    "complete": "complete",
    "partial": "not complete",
}

STATE_TONES: dict[State, str] = {
    "new": "none",
    "running": "active",
    "pausing": "fair",
    "paused": "fair",
    "stopping": "fair",
    "interrupted": "bad",
    "complete": "good",
    "partial": "fair",
}

_SENTENCES: dict[State, str] = {
    "new": "Nothing has been made yet.",
    "pausing": "Active calls finish and are kept. No new calls start.",
    "paused": "No calls start until you continue. Running code is not paused.",
    "stopping": "Active calls finish and are kept, then the run stops.",
    "interrupted": "The process of this run is gone. Finished work is kept. Resume to continue.",
    "complete": "Everything asked for was made and observed.",
}


def state_sentence(view: View) -> str:
    """What to know about the state; empty if its label is enough."""
    if view.state == "running" and not view.is_here:
        return "Another process, such as a terminal, works on this run. Watch it here; stop it there."
    if view.state == "partial":
        more = "" if "kept" in view.reason else " Finished work is kept. Resume to continue."
        return f"{_as_sentence(view.reason) or 'The run ended early.'}{more}"
    return _SENTENCES.get(view.state, "")


def figures(view: View) -> str:
    """Time, calls, tokens, dollars."""
    return _render("figures", view=view, summary=view.summary)


def stages(found: Sequence[StageView]) -> str:
    """The stages in the order of their start, each with its open artifacts."""
    return _render("stages", stages=found, summary=_summary, limit=_MAX_NAMES)


def active_calls(calls: Sequence[ActiveCall]) -> str:
    """The active calls, the longest wait first."""
    longest = sorted(calls, key=lambda call: -call.seconds)
    return _render("active_calls", calls=longest[:_MAX_NAMES], more=len(longest[_MAX_NAMES:]))


def steps(found: Sequence[ExecutionStepEnded], forecast: str) -> str:
    """The latest execution steps, and a forecast if the next one takes long."""
    return _render("steps", steps=found, forecast=forecast)


def trials(progress: ReproductionProgress) -> str:
    """The trials of a reproduction that run now, how many have ended, and its budget."""
    return _render("trials", progress=progress)


def claims(progress: ReproductionProgress) -> str:
    """How many claims have each verdict, and the latest verdicts first."""
    latest = [event for event in reversed(progress.verdicts.values()) if event.verdict != "not_run"]
    shown, more = latest[:_MAX_CLAIMS], len(latest[_MAX_CLAIMS:])
    return _render("claims", progress=progress, verdicts=get_args(ClaimVerdict), shown=shown, more=more)


def warnings(found: Sequence[str]) -> str:
    """Warnings for the user."""
    return _render("warnings", warnings=found)


def file_graph(run: str, logic: LogicDesign, files: tuple[FileView, ...]) -> str:
    """The files and their imports with the state of each; a list until Mermaid has laid out the graph, or if it cannot.

    Files that exist link to their text beside the paper.
    """
    addresses = {file.path: address(run, "read", file=file.path) for file in files if file.is_there}
    rendering = diagrams.submit_graph(logic)
    if rendering is None or not graph_is_ready(logic) or not (svg := rendering.result().svg):
        return _render("files", files=files, addresses=addresses)
    return _graph(logic, svg, files, tuple(addresses.items()))


def graph_is_ready(logic: LogicDesign) -> bool:
    """Has Mermaid laid out the graph of these files, or given up?"""
    rendering = diagrams.submit_graph(logic)
    return rendering is None or rendering.done()


@lru_cache(16)
def _graph(logic: LogicDesign, svg: str, files: tuple[FileView, ...], addresses: tuple[tuple[str, str], ...]) -> str:
    notes = {file.path: file.note for file in files}
    states = {file.path: f"is-{file.state}" for file in files}
    return diagrams.file_graph(logic, svg, notes, "Files, their imports and their progress", states, dict(addresses))


def clock(seconds: float) -> str:
    """`0:07`, `12:03`, `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _as_sentence(reason: str) -> str:
    text = reason.strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def _summary(stage: StageView) -> str:
    """How many artifacts were made, kept or edited, and the time."""
    counts = {"made": stage.summary.made, "kept": stage.summary.reused, "your edit": stage.summary.edited}
    words = [f"{count} {word}" for word, count in counts.items() if count]
    return " · ".join([*words, *([duration(stage.summary.seconds)] if stage.summary.seconds >= 0.05 else [])])


def _render(name: str, **values: object) -> str:
    return Markup(_environment().get_template(f"live/{name}.html").render(**values))  # noqa: S704  autoescaped


@cache
def _environment() -> Environment:
    made = environment("papercoder.web")
    made.filters["clock"] = clock
    return made
