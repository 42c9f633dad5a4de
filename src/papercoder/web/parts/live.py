"""The live parts of a run's page as HTML; all text is escaped."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import get_args

from jinja2 import Environment
from markupsafe import Markup

from papercoder.artifacts import LogicDesign
from papercoder.artifacts.claims import ClaimVerdict
from papercoder.report import diagrams
from papercoder.report.formatting import duration, plural
from papercoder.report.rendering import environment
from papercoder.report.stages import FileView, StageView, TimeLeft
from papercoder.runs.progress import ArtifactProgress, StepProgress
from papercoder.runs.reproduction_progress import ReproductionProgress
from papercoder.web.parts.tabs import address
from papercoder.web.runs.view import ActiveCall, State, View
from papercoder.web.server.messages import for_page

_MAX_NAMES = 5
"""Names in a list before `and 3 more`."""

_MOMENTS = 10.0
"""Seconds; a shorter time left is not told exactly."""

_MAX_CALLS = 12
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

_WORK = {"pipeline": "", "reproduction": "Trials", "diagnosis": "Diagnosis", "note": "Note"}


def state_sentence(view: View) -> str:
    """What to know about the state; empty if its label is enough."""
    kept = "Finished work is kept."
    match view.state:
        case "new":
            return "Nothing has been made yet."
        case "running":
            return " · ".join(filter(None, (now(view), "" if view.is_here else "started elsewhere, stop it there")))
        case "pausing":
            calls = view.pausing.calls if view.pausing else 0
            are = "is" if calls == 1 else "are"
            return f"Pauses when {plural(calls, 'request')} {are} answered; the answers are kept."
        case "paused":
            since = f" since {_clock_time(view.pausing.since)}" if view.pausing else ""
            return f"Nothing is sent{since}, until you press Continue. Code that runs already continues."
        case "stopping":
            return "Requests that were sent are answered and kept, then the run stops."
        case "interrupted":
            return f"The process of this run is gone. {kept} Press Resume to continue."
        case "partial":
            reason = _as_sentence(for_page(view.reason)) or "The run ended early."
            return reason if "kept" in reason or "Resume" in reason else f"{reason} {kept} Press Resume to continue."
        case _:
            return ""


def now(view: View) -> str:
    """What a run does now, how far it is, and when it ends."""
    doing = [f"{stage.name} {stage_count(stage)}".strip() for stage in view.stages if stage.open]
    if not doing:
        following = next((stage for stage in view.stages if not stage.is_done), None)
        doing = [f"{following.name} {stage_count(following)}".strip()] if following else []
    if view.work in {"reproduction", "diagnosis"}:
        doing = [name for name in doing if name.startswith(view.work)] or [view.work]
    return " · ".join([*doing[:2], *([left(view.left)] if view.left else [])])


def left(time: TimeLeft) -> str:
    """`about 4 min left`, or `at most 2 h left`."""
    if time.seconds < _MOMENTS:
        return "a few seconds left"
    return f"{'at most' if time.is_limit else 'about'} {duration(time.seconds)} left"


def stage_count(stage: StageView) -> str:
    """`4 of 13 files`; empty while the total is not known and nothing is made."""
    if stage.name == "reading" or not stage.total:
        return f"{stage.done} {stage.unit}".strip() if stage.done and stage.name != "reading" else ""
    return f"{min(stage.done, stage.total)} of {stage.total} {stage.unit}".strip()


def figures(view: View) -> str:
    """Time, calls, tokens, dollars."""
    written = sum(call.written.tokens for call in view.calls)
    return _render("figures", view=view, summary=view.summary, written=written)


def beginning(view: View) -> str:
    """A run before it has an outcome: the paper, what happens now, and the figures."""
    head = Markup('<header><h1>{}</h1><p class="headline">{}</p></header>')
    return head.format(view.title or "Reading the paper", _as_sentence(now(view))) + figures(view)


def stages(view: View) -> str:
    """All stages in their order, each with its artifacts."""
    shown = [stage for stage in view.stages if view.state != "complete" or stage.has_started or stage.is_done]
    return _render("stages", stages=shown, is_active=view.is_active, at=view.at)


def active_calls(calls: Sequence[ActiveCall]) -> str:
    """The active calls, the longest wait first, each with what is written of its answer."""
    longest = sorted(calls, key=lambda call: -call.seconds)
    return _render("active_calls", calls=longest[:_MAX_CALLS], more=len(longest[_MAX_CALLS:]))


def steps(found: Sequence[StepProgress], forecast: str) -> str:
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


def hypotheses(view: View) -> str:
    """The hypotheses that a diagnosis has tried."""
    return _render("hypotheses", total=view.hypotheses, tried=view.tried)


def warnings(found: Sequence[str]) -> str:
    """Warnings for the user."""
    return _render("warnings", warnings=found)


def file_graph(run: str, logic: LogicDesign | None, files: tuple[FileView, ...]) -> str:
    """The files and their imports with the state of each; a list until Mermaid has laid out the graph, or if it cannot.

    Files that exist link to their text beside the paper.
    """
    addresses = {file.path: address(run, "read", file=file.path) for file in files if file.is_there}
    rendering = diagrams.submit_graph(logic) if logic else None
    if logic is None or rendering is None or not graph_is_ready(logic) or not (svg := rendering.result().svg):
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


def _clock_time(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M")


def _as_sentence(reason: str) -> str:
    text = reason.strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def _summary(stage: StageView, *, is_active: bool) -> str:
    """How many artifacts were made, kept or edited, and what comes."""
    if stage.name == "reading":
        return "the paper was read" if stage.is_done else "the paper"
    made, kept, edited = stage.count("made"), stage.count("kept", "before"), stage.count("edited")
    words = [f"{count} {word}" for count, word in ((made, "made"), (kept, "kept"), (edited, "your edit")) if count]
    if stage.repeated:
        words.append(f"{stage.repeated} again")
    if not words and not stage.is_done and is_active:
        words = ["to come" if stage.total else "known after planning" if stage.total is None else "if needed"]
    elif not words and stage.is_done and not stage.done:
        words = ["nothing to do"]
    return " · ".join(words)


def _state_of(artifact: ArtifactProgress, at: float) -> str:
    """The state of an artifact in a few words."""
    if artifact.is_repeated:
        return f"again, for {clock(at - artifact.since)}" if artifact.state == "open" else "will be made again"
    match artifact.state:
        case "open":
            return clock(at - artifact.since)
        case "made":
            return duration(artifact.seconds) if artifact.seconds >= 0.05 else "made"
        case "edited":
            return "your edit"
        case "waiting" | "lost":
            return "to come"
        case _:
            return "kept"


def _render(name: str, **values: object) -> str:
    return Markup(_environment().get_template(f"live/{name}.html").render(**values))  # noqa: S704  autoescaped


@cache
def _environment() -> Environment:
    made = environment("papercoder.web").overlay()
    made.filters = made.filters | {
        "clock": clock,
        "stage_count": stage_count,
        "moments": lambda time: time.seconds < _MOMENTS,
    }
    made.globals = made.globals | {"summary_of": _summary, "state_of": _state_of, "max_names": _MAX_NAMES}
    return made
