"""Forms that start work on a run: trials, a diagnosis, data, a note."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import ui

from papercoder.artifacts.reproduction import ReproductionOptions, TrialPlaceName
from papercoder.datasets.run_data import DATA, SourceStatus, data_status
from papercoder.errors import PaperCoderError, SettingsError
from papercoder.files.regular import is_file
from papercoder.operations.data import give_data
from papercoder.operations.reproduce import installed_places, options_to_resume
from papercoder.operations.revise import settings_to_resume
from papercoder.report.formatting import LABELS, plural, size, tone
from papercoder.settings import parse_duration
from papercoder.text.characters import printable
from papercoder.web.parts.code_text import diff_html
from papercoder.web.runs.active import Revision
from papercoder.web.runs.view import View
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, alert, button, do, field, for_page, number, select
from papercoder.web.server.state import DataFetch, Web

PLACES: dict[TrialPlaceName, str] = {"local": "on this machine", "ray": "on a Ray cluster", "slurm": "as Slurm jobs"}


def budget_of(text: str | None) -> float:
    """Seconds of a budget that the user typed.

    Raises:
        SettingsError: it is not a time.
    """
    try:
        return parse_duration(text or "")
    except ValueError as error:
        raise SettingsError(f"Budget: {error}.") from None


def _whole(label: str, value: float | None) -> int | None:
    if value is not None and (value != int(value) or value < 1):
        raise SettingsError(f"{label}: give a whole number of at least 1, or leave it empty.")
    return None if value is None else int(value)


def _scale(value: float | None) -> float:
    if value is None or not 0 < value <= 1:
        raise SettingsError("Scale: give a share above 0 and up to 1.")
    return value


def _tolerance(value: float | None) -> float:
    if value is None or value < 0:
        raise SettingsError("Tolerance: give a share of at least 0, such as 0.05.")
    return value


def _words(text: str) -> tuple[str, ...] | None:
    return tuple(text.replace(",", " ").split()) or None


class ReproduceForm:
    """Run the trials of a run and compare the paper's claims."""

    def __init__(self, web: Web, name: str, claims: int) -> None:
        self._web, self._name = web, name
        folder = web.runs_folder.run(name)
        settings = settings_to_resume(folder, {})
        options = options_to_resume(folder, settings)
        with ui.element("section").classes("action").props("id=reproduce") as self.section:
            layout.heading("Measure the claims", 2)
            Label(
                f"Runs the repository’s trials in the sandbox and compares {plural(claims, 'claim')} with the paper. "
                "No model is called. The trials that decide most claims run first; what has a result is not run again."
            ).classes("soft")
            with ui.element("div").classes("fields"):
                self._budget = field("Budget, such as 45m or 2h", _budget_text(options.budget))
                self._claims = field("Only claims, such as C1 O2", " ".join(options.claims))
                self._tables = field("Only tables, such as tab:1", " ".join(options.tables))
            with ui.element("details") as self._more:
                with ui.element("summary"):
                    Label("Seeds, scale, tolerance, workers, where trials run")
                self._draw_more(options)
            self._wrong = alert()
            with ui.element("div").classes("line"):
                start = button("Run the trials", do(self._start, self._wrong), "main").mark("reproduce")
                layout.key(start, "b", "run the trials within the budget")

    def _draw_more(self, options: ReproductionOptions) -> None:
        with ui.element("div").classes("fields"):
            self._seeds = number("Most seeds of each kind", options.seeds, step=1)
            self._scale = number("Scale, up to 1; less is toy", options.scale, step=0.1)
            self._tolerance = number("Tolerance, such as 0.05", options.tolerance, step=0.01)
            self._workers = number("Trials side by side", options.workers, step=1)
            self._most = number("Most trials", options.max_trials, step=1)
            places: dict[str, str] = {name: PLACES[name] for name in dict.fromkeys((*installed_places(), options.on))}
            self._on = select("Trials run", places, options.on)
            self._on.set_visibility(len(places) > 1)
            self._gpu = ui.checkbox("Use the GPU", value=options.gpu)
            self._retry = ui.checkbox("Failed trials again", value=False)

    def show(self, view: View) -> None:
        """Show the form if the run can be reproduced now."""
        self.section.set_visibility(not view.is_active and can_reproduce(self._web, self._name))

    async def _start(self) -> None:
        given = {
            "budget": _checked(self._budget, budget_of),
            "claims": _words(self._claims.value or "") or (),
            "tables": _words(self._tables.value or "") or (),
            "seeds": _checked(self._seeds, partial(_whole, "Most seeds")),
            "scale": _checked(self._scale, _scale),
            "tolerance": _checked(self._tolerance, _tolerance),
            "workers": _checked(self._workers, partial(_whole, "Trials side by side")),
            "max_trials": _checked(self._most, partial(_whole, "Most trials")),
            "on": self._on.value,
            "gpu": self._gpu.value,
            "retry_failed": self._retry.value,
        }
        fields = (self._budget, self._seeds, self._scale, self._tolerance, self._workers, self._most)
        if wrong := [element for element in fields if element.error]:
            if self._budget not in wrong:
                self._more.props.set_bool("open", True)
            raise SettingsError(f"Correct {'the marked field' if len(wrong) == 1 else 'the marked fields'} first.")
        await self._web.active_runs.reproduce(self._name, given)


def _checked(element: "ui.input | ui.number", parse: Callable[[Any], Any]) -> Any:
    """The value of a field; None if it is not valid, and then the field says why."""
    element.error = None
    try:
        return parse(element.value)
    except SettingsError as error:
        element.error = printable(for_page(str(error)))
        return None


def can_reproduce(web: Web, name: str) -> bool:
    """Has the repository trials?"""
    return is_file(web.runs_folder.folder(name), "repo/trials.py")


class DiagnoseForm:
    """Find out why claims differ."""

    def __init__(self, web: Web, name: str) -> None:
        self._web, self._name = web, name
        settings = settings_to_resume(web.runs_folder.run(name), {})
        with ui.element("section").classes("action").props("id=diagnose") as self.section:
            layout.heading("Find out why claims differ", 2)
            Label(
                "Tries other readings of the paper and suspected faults on trials, and keeps a change only if the "
                "results support it. It calls the model for hypotheses and edits."
            ).classes("soft")
            with ui.element("div").classes("fields"):
                self._budget = field("Budget, such as 45m or 2h", _budget_text(settings.budget))
                self._max_cost = number("Cost limit ($)", settings.max_cost)
            self._wrong = alert()
            with ui.element("div").classes("line"):
                button("Start the diagnosis", do(self._start, self._wrong), "main").mark("diagnose")

    def show(self, view: View, differing: int) -> None:
        """Show the form if claims differ and nothing runs."""
        can_start = not view.is_active and can_reproduce(self._web, self._name)
        self.section.set_visibility(can_start and differing > 0)

    async def _start(self) -> None:
        changes = {"budget": budget_of(self._budget.value or ""), "max_cost": self._max_cost.value}
        await self._web.active_runs.diagnose(self._name, changes)


def _budget_text(seconds: float) -> str:
    """A budget as one types it: `45m`, `2h`, `20s`."""
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:g}s"


class DataPanel:
    """What data a run needs, what is there, and how to get the rest."""

    def __init__(self, web: Web, name: str) -> None:
        self._web, self._name = web, name
        with ui.element("section").classes("action").props("id=get-data") as self._section:
            layout.heading("Get the data", 2)
            self._note = Label().classes("soft")
            self._rows = ui.element("div").classes("data-rows")
            self._fetching = ui.element("div").classes("fetching")
            self._wrong = alert()
        self._drawn: object = None
        self._timer = ui.timer(0.5, self.refresh)
        ui.timer(0, self.refresh, once=True)

    async def refresh(self) -> None:
        """Redraw what has changed; stop looking once nothing is being fetched."""
        folder = self._web.runs_folder.folder(self._name)
        if not is_file(folder, DATA):
            self._section.set_visibility(False)
            return
        fetch = self._web.fetches.of(self._name)
        self._draw_fetch(fetch)
        mark = (fetch, fetch.is_active if fetch else False)
        if mark != self._drawn:
            self._drawn = mark
            try:
                status = await asyncio.to_thread(data_status, folder)
            except PaperCoderError as error:
                self._wrong.set_text(str(error))
                return
            self._draw_sources(status.sources, is_busy=bool(fetch and fetch.is_active))

    def _draw_sources(self, sources: tuple[SourceStatus, ...], *, is_busy: bool) -> None:
        missing = [each for each in sources if each.state in {"missing", "changed", "cached"}]
        fetched = [each for each in missing if each.source.is_fetched]
        self._section.set_visibility(bool([each for each in sources if each.source.has_files]))
        total = sum(each.size or 0 for each in fetched)
        self._note.set_text(
            "All data are there."
            if not missing
            else f"{plural(len(missing), 'source')} missing. Downloads go into a cache that all runs share; the code "
            "sees them read-only."
        )
        self._rows.clear()
        with self._rows:
            for each in sources:
                if each.source.has_files:
                    self._draw_source(each, is_busy=is_busy)
            if len(fetched) > 1 and not is_busy:
                button(f"Fetch all ({size(total) if total else 'size unknown'})", self._fetch_action(())).mark(
                    "fetch-all"
                )

    def _draw_source(self, status: SourceStatus, *, is_busy: bool) -> None:
        source = status.source
        with ui.element("div").classes("data-row").mark(f"data-{source.name}"):
            with ui.element("div").classes("who"):
                Label(source.name).classes("name")
                Label(f"{source.kind.replace('_', ' ')} {source.id} · {size(status.size)}").classes("soft small")
            Label(LABELS[status.state]).classes(f"badge {tone(status.state)}")
            if status.state not in {"missing", "changed", "cached"}:
                return
            with ui.element("div").classes("line"):
                if source.is_fetched and not is_busy:
                    button("Fetch", self._fetch_action((source.name,)))
                path = field("or a path on the server").classes("path")
                button("Use this path", self._give_action(source.name, path))

    def _fetch_action(self, names: tuple[str, ...]) -> Callable[[], Awaitable[None]]:
        async def fetch() -> None:
            self._web.fetches.start(self._name, self._web.runs_folder.run(self._name), names)
            await self.refresh()

        return do(fetch, self._wrong)

    def _give_action(self, source: str, path: ui.input) -> Callable[[], Awaitable[None]]:
        async def give() -> None:
            if not (path.value or "").strip():
                raise SettingsError(f"Type where {source} is: a file or a folder on the server.")
            folder = self._web.runs_folder.run(self._name)
            await asyncio.to_thread(give_data, folder, (f"{source}={path.value.strip()}",))
            self._drawn = None
            await self.refresh()

        return do(give, self._wrong)

    def _draw_fetch(self, fetch: DataFetch | None) -> None:
        self._fetching.clear()
        if fetch is None:
            return
        with self._fetching:
            if fetch.is_active:
                Label(fetch.sentence).classes("soft")
                bar = ui.element("progress").props(f'max={fetch.total or 1} aria-label="Download"')
                if fetch.total:
                    bar.props["value"] = fetch.done
                button("Stop", fetch.stop, "danger")
            for problem in fetch.problems:
                Label(for_page(problem)).classes("remark")


class NoteForm:
    """Revise a run by a note: what someone who knows the paper says."""

    def __init__(self, web: Web, name: str) -> None:
        self._web, self._name = web, name
        settings = settings_to_resume(web.runs_folder.run(name), {})
        with ui.element("section").classes("action").props("id=note") as self.section:
            layout.heading("Apply an answer or a note", 2)
            Label(
                "What the authors answered, or what you know. You see which requirements, values and files change, and "
                "what it costs, before any code is edited."
            ).classes("soft")
            self._text = (
                ui.textarea("The authors say …").props("outlined autogrow").classes("field note").mark("note-text")
            )
            with ui.element("div").classes("fields"):
                self._max_cost = number("Cost limit ($)", settings.max_cost)
            self._wrong = alert()
            with ui.element("div").classes("line"):
                button("Show what changes", do(self._start, self._wrong), "main").mark("plan-note")
        self._preview = ui.element("div").classes("note-preview").mark("note-preview")
        self._drawn: object = None

    def show(self, view: View) -> None:
        """Show the form, what a note would change, or what became of it."""
        run = self._web.active_runs.of(self._name)
        revision = run.revision if run else None
        self.section.set_visibility(not view.is_active)
        mark = (revision, run and run.state == "ended", revision and (revision.is_waiting, revision.is_applied))
        if mark == self._drawn:
            return
        self._drawn = mark
        self._preview.clear()
        if run and revision:
            with self._preview:
                self._draw(revision, has_ended=run.state == "ended")

    def _draw(self, revision: Revision, *, has_ended: bool) -> None:
        planned = revision.planned
        if not revision.is_waiting or planned is None:
            Label(_note_state(revision, has_ended=has_ended)).classes("remark")
            return
        with ui.element("section").classes("action"):
            layout.heading("What the note changes", 2)
            Label(f"“{revision.note}”").classes("quoted-note")
            ui.html(diff_html(planned.diff), sanitize=False)
            Label(f"Files that may be edited: {', '.join(planned.files) or 'none'}, and the plan.").classes("soft")
            Label(planned.cost).classes("soft")
            with ui.element("div").classes("line"):
                button("Apply and resume", lambda: revision.decide(True), "main").mark("apply-note")
                button("Change nothing", lambda: revision.decide(False)).mark("drop-note")

    async def _start(self) -> None:
        note = (self._text.value or "").strip()
        if not note:
            raise SettingsError("Write what the authors say, or what you know.")
        await self._web.active_runs.revise(self._name, note, {"max_cost": self._max_cost.value})


def _note_state(revision: Revision, *, has_ended: bool) -> str:
    """What becomes of a note, in a sentence."""
    if revision.is_applied:
        return (
            "The note was applied." if has_ended else "The note was applied. What it changed is reviewed and run again."
        )
    if revision.is_applied is False:
        declined = revision.planned is not None
        return (
            "Nothing was changed." if declined else "The note changes no requirement and no value, so nothing was done."
        )
    if has_ended:
        return "The note was not applied: see above why the run stopped."
    return "Reading the note…" if revision.planned is None else "The code is being edited."
