"""The tabs Overview and Run: the outcome and what to do next; stages, requests and steps as they happen, the log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from markupsafe import Markup
from nicegui import run, ui

from papercoder.console.progress import line
from papercoder.evaluation import rendering as evaluation_page
from papercoder.files.regular import is_file
from papercoder.report import Report, load
from papercoder.report.formatting import LABELS, plural
from papercoder.report.model import State
from papercoder.report.rendering import Section, parts_style, section
from papercoder.runs.events import Event
from papercoder.web.parts import live
from papercoder.web.parts.live import RunHeader
from papercoder.web.parts.tabs import RunLinks, address, refresh_on_progress
from papercoder.web.runs.view import View
from papercoder.web.runs.watcher import Watcher
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, Link, alert, button, do, for_page
from papercoder.web.server.state import Web


@dataclass(frozen=True)
class NextStep:
    """Something that a user may do now."""

    title: str
    text: str
    label: str
    """Of its button."""

    target: str = ""
    """Address; empty: resumes the run."""


def next_steps(view: View, report: Report, folder: Path, run: str) -> Iterator[NextStep]:
    """What to do now, the most useful first."""
    if view.is_active:
        yield NextStep("The run is working", live.now(view), "Watch it", address(run, "progress"))
    elif view.state != "complete":
        text = "Continues where it stopped; nothing is paid for twice."
        yield NextStep("The run is not complete", text, "Resume")
    yield from _of_execution(report, run)
    if not view.is_active and is_file(folder, "repo/trials.py"):
        yield from _of_claims(report, run)
    yield from _of_requirements(report, run)
    if assumed := len(report.assumptions):
        text = f"The paper leaves {plural(assumed, 'choice')} open. Check them, or ask the authors."
        yield NextStep(f"Check {plural(assumed, 'assumption')}", text, "Show them", address(run, "assumptions"))
    if report.has_code and not view.is_active:
        text = "The whole repository as a zip: code, configuration, tests and how to run it."
        yield NextStep("Take the code", text, "Download", address(run, "repository.zip"))
    if is_file(folder, "report.html") and not view.is_active:
        yield NextStep(
            "Share the result", "One page that works offline.", "Open the report", address(run, "report.html")
        )


def _of_execution(report: Report, run: str) -> Iterator[NextStep]:
    failed = next((step for step in report.steps if step.status == "failed"), None)
    if failed:
        text = "Read what the command printed, correct the code, and resume the run."
        yield NextStep(
            f"The step “{failed.step}” failed", text, "Show the output", address(run, "progress") + "#execution"
        )


def _of_claims(report: Report, run: str) -> Iterator[NextStep]:
    results = address(run, "results")
    if missing := [item.source.name for item in report.data if item.state in {"missing", "changed", "cached"}]:
        text = "Trials without their data give toy results: " + ", ".join(missing[:4]) + "."
        yield NextStep(f"Get {plural(len(missing), 'missing data set')}", text, "Get the data", f"{results}#get-data")
    verdicts = report.claim_verdicts
    differs = verdicts["differs"] + report.ordering_verdicts["differs"]
    if differs and report.diagnosis is None:
        title = f"Find out why {plural(differs, 'claim')} {'differs' if differs == 1 else 'differ'}"
        text = "Tries other readings of the paper and suspected faults, and measures which explains the difference."
        yield NextStep(title, text, "Diagnose", f"{results}#diagnose")
    if not_run := verdicts["not_run"]:
        text = f"{not_run} of {plural(len(report.claims), 'claim')} have no measurement yet. You set the budget."
        yield NextStep("Measure the claims", text, "Set a budget", f"{results}#reproduce")


def _of_requirements(report: Report, run: str) -> Iterator[NextStep]:
    unmet = {state: report.states[state] for state in _UNMET if report.states[state]}
    if unmet:
        text = "By the review: " + ", ".join(f"{count} {LABELS[state]}" for state, count in unmet.items()) + "."
        title = f"Look at {plural(sum(unmet.values()), 'requirement')} that the code does not meet in full"
        yield NextStep(title, text, "Show them", address(run, "read", state=next(iter(unmet))))


_UNMET: tuple[State, ...] = ("contradicts", "missing", "partly")


def register_overview(web: Web) -> None:
    """Register `/run/NAME`."""
    ui.add_head_html(f"<style>{parts_style('.report')}{evaluation_page.body_style('.report')}</style>", shared=True)

    @ui.page("/run/{name}", response_timeout=60)
    async def overview(name: str) -> None:
        with layout.page(web.runs_folder.label(name)):
            web.runs_folder.run(name)
            RunHeader(web, name, "")
            await Overview(web, name).draw()


class Overview:
    """The outcome in one browser."""

    def __init__(self, web: Web, name: str) -> None:
        self._web, self._name = web, name
        self._outcome = ui.html("", sanitize=False).classes("report view-overview")
        self._next = ui.element("section").classes("next-steps").mark("next-steps")

    async def draw(self) -> None:
        """Draw the outcome, and again whenever the run has made something."""
        await self._fill()
        refresh_on_progress(self._web, self._name, self._fill)

    async def _fill(self) -> None:
        folder = self._web.runs_folder.run(self._name)
        report = await run.io_bound(load, folder)
        if report is None:  # the server is shutting down
            return
        view = self._web.watchers.of(self._name).look()
        if view.is_active and report.execution is None:
            self._outcome.set_content(live.beginning(view))
        else:
            self._outcome.set_content(await run.io_bound(section, report, "observed", RunLinks(self._name)) or "")
        found = tuple(next_steps(view, report, folder, self._name))
        self._next.clear()
        with self._next:
            layout.heading("What to do next", 2)
            for position, step in enumerate(found):
                self._draw_step(step, is_first=position == 0)

    def _draw_step(self, step: NextStep, *, is_first: bool) -> None:
        with ui.element("article").classes("next-step"):
            with ui.element("div"):
                layout.heading(step.title, 3)
                Label(step.text).classes("soft")
            kind = "button main" if is_first else "button"
            if step.target:
                Link(step.label, step.target).classes(kind)
                return
            wrong = alert()
            button(step.label, do(self._resume, wrong), "main" if is_first else "").mark("resume-next")

    async def _resume(self) -> None:
        await self._web.active_runs.resume(self._name)


_LOG_LINES = 500
"""Lines that the log keeps."""

_SECTIONS: tuple[Section, ...] = ("execution", "checks", "cost", "losses")
"""What the report says about how the run went."""


def register_progress(web: Web) -> None:
    """Register `/run/NAME/progress`."""

    @ui.page("/run/{name}/progress", response_timeout=60)
    async def progress(name: str) -> None:
        with layout.page(f"{web.runs_folder.label(name)}, run"):
            web.runs_folder.run(name)
            RunHeader(web, name, "progress")
            page = ProgressPage(web, name)
            await page.draw_sections()


class ProgressPage:
    """The page in one browser; it follows the run until the browser leaves."""

    def __init__(self, web: Web, name: str) -> None:
        self._web, self._name = web, name
        self._watcher = web.watchers.of(name)
        self._figures = ui.html(sanitize=False)
        with ui.element("div").classes("live"):
            with ui.element("div"):
                self._stages = _Part("Stages")
            with ui.element("div"):
                self._calls = _Part("Requests", "calls")
                self._trials = _Part("Trials")
                self._hypotheses = _Part("Diagnosis")
                self._steps = _Part("Execution steps")
                self._graph = _Part("Files", "graph")
                self._warnings = _Part("Warnings")
        self._log = RunLog(self._watcher)
        self._sections = ui.html("", sanitize=False).classes("report view-progress")
        self.show(self._watcher.look())
        self._graph_timer = ui.timer(1.0, self._finish_graph)
        ui.context.client.on_delete(self._watcher.listen(self.show))

    def show(self, view: View) -> None:
        """Show the current state of the run; NiceGUI sends only what changed."""
        self._figures.set_content(live.figures(view))
        self._stages.show(live.stages(view))
        self._calls.show(live.active_calls(view.calls) if view.calls else "")
        self._show_graph(view)
        found = view.reproduction
        self._trials.show(live.trials(found) if view.is_active and (found.plan or found.running) else "")
        self._hypotheses.show(live.hypotheses(view) if view.is_active and view.hypotheses is not None else "")
        self._steps.show(
            live.steps(view.steps, view.forecast) if view.is_active and (view.steps or view.forecast) else ""
        )
        self._warnings.show(live.warnings(view.summary.warnings) if view.is_active and view.summary.warnings else "")
        self._log.follow()

    async def draw_sections(self) -> None:
        """Draw the sections of the report below, and again whenever the run has made something."""
        await self._fill_sections()
        refresh_on_progress(self._web, self._name, self._fill_sections)

    async def _fill_sections(self) -> None:
        is_active = self._watcher.look().is_active
        self._sections.set_visibility(not is_active)
        if not is_active:
            self._sections.set_content(await run.io_bound(self._render) or "")

    def _render(self) -> Markup:
        report, links = load(self._web.runs_folder.run(self._name)), RunLinks(self._name)
        return Markup("").join(section(report, name, links) for name in _SECTIONS)

    def _show_graph(self, view: View) -> None:
        self._graph.show(live.file_graph(self._name, view.logic, view.files) if view.files else "")

    def _finish_graph(self) -> None:
        """Replace the list of files by their graph once it is laid out, even if the run has ended."""
        view = self._watcher.look()
        self._show_graph(view)
        if not view.is_active and (view.logic is None or live.graph_is_ready(view.logic)):
            self._graph_timer.deactivate()


class _Part:
    """A part of the page, hidden while it is empty."""

    def __init__(self, title: str, kind: str = "") -> None:
        with ui.element("section").classes(f"part {kind}".strip()) as self._section:
            layout.heading(title, 2)
            self._html = ui.html(sanitize=False).classes("shown")

    def show(self, text: str) -> None:
        """Show this HTML."""
        self._section.set_visibility(bool(text))
        self._html.set_content(text)


class RunLog:
    """The log of a run; it is hidden at first, and follows the run while it is shown."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._shown = 0
        opener = button("Log", self._toggle).classes("log-opener").mark("log-button")
        layout.key(opener, "l", "show or hide the log")
        self._log = ui.log(max_lines=_LOG_LINES).classes("run-log").mark("log").props("tabindex=0")
        self._log.set_visibility(False)

    def follow(self) -> None:
        """Add new events if the log is shown."""
        events = self._watcher.events
        if len(events) < self._shown:  # the run was started again from scratch
            self._shown = 0
            self._log.clear()
        if self._log.visible:
            for text in _lines(events[self._shown :])[-_LOG_LINES:]:
                self._log.push(text)
            self._shown = len(events)

    def _toggle(self) -> None:
        self._log.set_visibility(not self._log.visible)
        self.follow()


def _lines(events: Sequence[Event]) -> list[str]:
    return [f"{_time(event)}  {for_page(' '.join(text.split()))}" for event in events if (text := line(event))]


def _time(event: Event) -> str:
    """The local time of an event."""
    return datetime.fromtimestamp(event.at).astimezone().strftime("%H:%M:%S")
