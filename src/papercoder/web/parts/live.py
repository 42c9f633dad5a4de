"""The live parts of a run's page as HTML, all text escaped, and its head: name, state, actions and tabs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import get_args

from jinja2 import Environment
from markupsafe import Markup
from nicegui import ui

from papercoder.artifacts import ClaimVerdict, LogicDesign
from papercoder.files.regular import is_file
from papercoder.report import diagrams, write_report
from papercoder.report.formatting import duration, plural
from papercoder.report.rendering import environment
from papercoder.report.stages import FileView, StageView, TimeLeft
from papercoder.runs.events import RunStarted
from papercoder.runs.progress import ArtifactProgress, ReproductionProgress, StepProgress
from papercoder.web.parts import tabs
from papercoder.web.parts.tabs import PendingChange, address
from papercoder.web.runs.view import ActiveCall, State, View
from papercoder.web.server import layout
from papercoder.web.server.layout import Alert, Kind, Label, Link, alert, button, do, for_page, number
from papercoder.web.server.state import Web

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
    """A run before it has an outcome: the paper, the figures and the stages; the head says what happens now."""
    head = Markup("<header><h1>{}</h1></header>").format(view.title or "Reading the paper")
    return head + figures(view) + stages(view)


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
    return _render("steps", steps=found, forecast=_as_sentence(forecast))


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
    return _render("warnings", warnings=[for_page(warning) for warning in found])


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


_UNKNOWN = {"reproduction": "planned once the code runs", "diagnosis": "if claims differ"}
"""Stage whose size planning does not show -> when it is known."""


def _summary(stage: StageView, *, is_active: bool) -> str:
    """How many artifacts were made, kept or edited, and what comes."""
    if stage.name == "reading":
        return "the paper was read" if stage.is_done else "the paper"
    made, kept, edited = stage.count("made"), stage.count("kept", "before"), stage.count("edited")
    words = [f"{count} {word}" for count, word in ((made, "made"), (kept, "kept"), (edited, "your edit")) if count]
    if stage.repeated:
        words.append(f"{stage.repeated} again")
    if not words and not stage.is_done and is_active:
        unknown = _UNKNOWN.get(stage.name, "known after planning")
        words = ["to come" if stage.total else unknown if stage.total is None else "if needed"]
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


class RunHeader:
    """The head in one browser; it follows the run until the browser leaves."""

    def __init__(self, web: Web, name: str, here: str) -> None:
        self.name = name
        self._watcher = web.watchers.of(name)
        wrong = alert()
        with ui.element("div").classes("run-head") as head:
            with ui.element("div").classes("run-name"):
                Link(web.runs_folder.label(name), tabs.address(name, "")).classes("label")
                self._badge = Label().mark("state")
                self._sentence = Label().classes("sentence")
            self._controls = RunControls(web, name, wrong)
            wrong.move(head)
        ui.run_javascript("showTab()")
        ui.html(tabs.bar_html(name, here), sanitize=False).classes("tab-bar")
        self.pending = PendingChange(web, name)
        self.show(self._watcher.look())
        ui.context.client.on_delete(self._watcher.listen(self.show))

    def show(self, view: View) -> None:
        """Show the current state of the run; NiceGUI sends only what changed."""
        self._badge.set_text(STATE_LABELS[view.state])
        self._badge.classes(replace=f"badge {STATE_TONES[view.state]}")
        self._sentence.set_text(state_sentence(view))
        self._controls.show(view)


class RunControls:
    """The buttons of a run in one browser; only those that apply are shown."""

    def __init__(self, web: Web, name: str, wrong: Alert) -> None:
        self._web = web
        self._name = name
        self.wrong = wrong
        with ui.element("div").classes("controls"):
            self._pause = self._button("Pause", self._do_pause, " ", "pause")
            self._continue = self._button("Continue", self._do_continue, " ", "continue after a pause", "main")
            self._stop = self._button("Stop", self._do_stop, "x", "stop", "danger")
            self._cap = number("Cost limit ($)", self._max_cost())
            self._resume = self._button("Resume", self._do_resume, "g", "resume the run", "main")
            self._menu()

    def show(self, view: View) -> None:
        """Show the buttons that apply now."""
        is_over = view.state in {"partial", "interrupted"}
        self._pause.set_visibility(view.is_here and view.state == "running" and view.work in {"pipeline", "note"})
        self._continue.set_visibility(view.is_here and view.state in {"pausing", "paused"})
        self._stop.set_visibility(view.is_here and view.state != "stopping")
        self._resume.set_visibility(is_over)
        self._cap.set_visibility(is_over and self._max_cost() is not None)
        self._report.set_visibility(not view.is_active and is_file(self._folder(), "report.html"))
        self._zip.set_visibility(view.has_code and not view.is_active)
        self._delete.set_visibility(not view.is_active)

    def _menu(self) -> None:
        """What is seldom needed."""
        with ui.element("details").classes("menu"):
            with ui.element("summary") as summary:
                Label("⋯").classes("bare")
            summary.props.update({"aria-label": "More", "title": "More"})
            with ui.element("div").classes("items"):
                self._report = Link("Open the report", tabs.address(self._name, "report.html"), new_tab=True)
                self._zip = Link("Download the code", tabs.address(self._name, "repository.zip"))
                self._again = button("Update the report", do(self._do_report, self.wrong)).mark("write-report")
                button("Rename", self._ask_name).mark("rename")
                self._delete = button("Delete", self._ask_to_delete, "danger").mark("delete")

    def _button(
        self, label: str, action: Callable[[], Awaitable[None]], letter: str, does: str, kind: Kind = ""
    ) -> ui.element:
        element = button(label, do(action, self.wrong), kind).mark(does.replace(" ", "-"))
        return layout.key(element, letter, does)

    async def _do_pause(self) -> None:
        if run := self._web.active_runs.of(self._name):
            run.pause()

    async def _do_continue(self) -> None:
        if run := self._web.active_runs.of(self._name):
            run.resume()

    async def _do_stop(self) -> None:
        if run := self._web.active_runs.of(self._name):
            await run.stop()

    async def _do_resume(self) -> None:
        await self._web.active_runs.resume(self._name, {"max_cost": self._cap.value if self._cap.visible else None})

    async def _do_report(self) -> None:
        await asyncio.to_thread(write_report, self._web.runs_folder.run(self._name))
        ui.navigate.to(tabs.address(self._name, "report.html"))

    def _ask_name(self) -> None:
        with ui.dialog(value=True) as dialog, ui.element("div").classes("card ask"):
            layout.heading("Rename the run", 2)
            typed = layout.field("Name", self._web.runs_folder.label(self._name)).props("autofocus")
            wrong = alert()

            async def rename() -> None:
                await asyncio.to_thread(self._web.runs_folder.rename, self._name, typed.value or "")
                ui.navigate.reload()

            typed.on("keydown.enter", do(rename, wrong))
            with ui.element("div").classes("line"):
                button("Rename", do(rename, wrong), "main").mark("rename-now")
                button("Cancel", dialog.close)

    def _ask_to_delete(self) -> None:
        with ui.dialog(value=True) as dialog, ui.element("div").classes("card ask"):
            layout.heading("Delete the run?", 2)
            Label(
                f"{self._web.runs_folder.label(self._name)} moves to the bin, from which it can be restored: see "
                "“Deleted runs” below the list."
            )
            wrong = alert()

            async def delete() -> None:
                await asyncio.to_thread(self._web.runs_folder.delete, self._name)
                ui.navigate.to("/")

            with ui.element("div").classes("line"):
                button("Move to the bin", do(delete, wrong), "danger").mark("delete-now")
                button("Cancel", dialog.close)

    def _folder(self) -> Path:
        return self._web.runs_folder.folder(self._name)

    def _max_cost(self) -> float | None:
        """The cost limit of the latest start."""
        events = self._web.watchers.of(self._name).events
        started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
        max_cost = started.settings.get("max_cost") if started else None
        return max_cost if isinstance(max_cost, float | int) else None
