"""The tabs Results and Assumptions: claims and what was measured, what the paper leaves open, and what starts work."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from markupsafe import Markup
from nicegui import events, run, ui

from papercoder.artifacts import Evaluation, ExperimentConfig, Requirements
from papercoder.errors import ArtifactError, PaperCoderError, RunFolderError
from papercoder.evaluation import rendering as evaluation_page
from papercoder.files.regular import is_file, read_text
from papercoder.operations.edit import pending_edits, save
from papercoder.operations.revise import CONFIG, REQUIREMENTS
from papercoder.report import Report, load
from papercoder.report.questions import letter
from papercoder.report.rendering import Section, environment, section
from papercoder.runs import folder as run_folder
from papercoder.web.editing.draft import Draft, name_of, usable
from papercoder.web.editing.editor import Editor
from papercoder.web.parts import live
from papercoder.web.parts.actions import DataPanel, DiagnoseForm, NoteForm, ReproduceForm
from papercoder.web.parts.live import RunHeader
from papercoder.web.parts.tabs import BY_NAME, RunLinks, address, is_available, refresh_on_progress, show_empty
from papercoder.web.runs.view import View
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, alert, button
from papercoder.web.server.state import Web

_EVALUATION = "evaluation/evaluation.json"


def register_results(web: Web) -> None:
    """Register `/run/NAME/results`."""

    @ui.page("/run/{name}/results", response_timeout=90)
    async def results(name: str) -> None:
        with layout.page(f"{web.runs_folder.label(name)}, results"):
            folder = web.runs_folder.run(name)
            RunHeader(web, name, "results")
            report = await run.io_bound(load, folder)
            if report is None or not (is_available(BY_NAME["results"], folder) or is_file(folder, _EVALUATION)):
                show_empty(web, name, BY_NAME["results"])
                return
            page = ResultsPage(web, name, report)
            await page.fill()
            refresh_on_progress(web, name, page.fill)


class ResultsPage:
    """The page in one browser; it follows the run until the browser leaves."""

    def __init__(self, web: Web, name: str, report: Report) -> None:
        self._web, self._name = web, name
        self._watcher = web.watchers.of(name)
        self._differing = 0
        self._within = ui.html("", sanitize=False)
        with ui.element("section").classes("live-results") as self._live:
            self._now = Label().classes("now")
            self._trials_now, self._claims_now, self._hypotheses_now = (ui.html(sanitize=False) for _ in range(3))
        with ui.element("div").classes("actions"):
            self._reproduce = ReproduceForm(web, name, len(report.claims) + len(report.orderings))
            self._diagnose = DiagnoseForm(web, name)
        self._claims, self._trials, self._diagnosis, self._data = (self._part() for _ in range(4))
        DataPanel(web, name)
        self._evaluation = self._part()
        ui.context.client.on_delete(self._watcher.listen(self.show))

    def show(self, view: View) -> None:
        """Show what happens now."""
        found, is_measuring = view.reproduction, view.is_active and view.work in {"reproduction", "diagnosis"}
        self._live.set_visibility(is_measuring)
        if is_measuring:
            self._now.set_text(" · ".join([view.work.capitalize(), *([live.left(view.left)] if view.left else [])]))
            self._trials_now.set_content(live.trials(found))
            self._claims_now.set_content(live.claims(found) if found.verdicts else "")
            self._hypotheses_now.set_content(live.hypotheses(view) if view.hypotheses is not None else "")
        self._reproduce.show(view)
        self._diagnose.show(view, self._differing)

    async def fill(self) -> None:
        """Draw the results that exist."""
        folder = self._web.runs_folder.run(self._name)
        report = await run.io_bound(load, folder)
        if report is None:  # the server is shutting down
            return
        names: list[Section] = ["claims", "trials", "diagnosis", "data"]
        shown = {"claims": bool(report.claims or report.claims_note), "trials": report.reproduction is not None}
        shown |= {"diagnosis": report.diagnosis is not None, "data": bool(report.data)}
        for name, part in zip(names, (self._claims, self._trials, self._diagnosis, self._data), strict=True):
            drawn = await run.io_bound(section, report, name, RunLinks(self._name)) if shown[name] else None
            part.set_content(drawn or "")
        is_judged = is_file(folder, _EVALUATION)
        self._evaluation.set_content(
            evaluation_page.body(run_folder.load(folder, _EVALUATION, Evaluation)) if is_judged else ""
        )
        self._fill_within(report, is_judged=is_judged)
        self._differing = report.claim_verdicts["differs"] + report.ordering_verdicts["differs"]
        self.show(self._watcher.look())

    def _fill_within(self, report: Report, *, is_judged: bool) -> None:
        """Links to the parts of the page, each with what is in it."""
        # What is above counts the trials while they run; the report counts those of the last reproduction.
        is_measuring = self._watcher.look().is_active
        done = report.reproduction
        trials = f"{done.measured} of {done.trials}" if done and not is_measuring else ""
        met = report.claim_verdicts["met"]
        links = [("claims", "Claims", f"{met} of {len(report.claims)} met")] if report.claims else []
        links += [("trials", "Trials", trials)] if done else []
        found = report.diagnosis
        links += [("diagnosis", "Diagnosis", f"{len(found.kept)} kept" if found.tried else "")] if found else []
        links += [("data", "Data", str(len(report.data)))] if report.data else []
        links += [("scores", "Evaluation", "")] if is_judged else []
        self._within.set_content(environment("papercoder.web").get_template("within.html").render(links=links))

    def _part(self) -> ui.html:
        return ui.html("", sanitize=False).classes("report view-results")


_KINDS: dict[str, type[Requirements | ExperimentConfig]] = {REQUIREMENTS: Requirements, CONFIG: ExperimentConfig}
"""Artifacts with assumptions."""


class AssumptionList:
    """What was assumed. One click chooses an alternative: it is saved as an edit that the next run applies."""

    def __init__(self, web: Web, header: RunHeader) -> None:
        self._web, self._header = web, header
        self._shown = ""
        """The assumption below which is what its change makes again."""

        self._report: Report | None = None
        self._problem = alert()
        self._box = ui.element("section").classes("assumption-list").props("id=assumptions")

    async def draw(self, report: Report) -> None:
        """Draw the assumptions and, below the one that was changed last, what follows from the change."""
        self._report = report
        folder = self._web.runs_folder.run(self._header.name)
        is_active = self._web.watchers.of(self._header.name).look().is_active
        drafts = {} if is_active else await run.io_bound(_drafts, folder) or {}
        changed = await run.io_bound(_changed, folder, drafts) or frozenset()
        subjects = [item.subject for item in report.assumptions]
        if self._shown not in changed:
            self._shown = next((subject for subject in subjects if subject in changed), "")
        split = subjects.index(self._shown) + 1 if self._shown else len(subjects)
        self._box.clear()
        with self._box:
            for part in (slice(0, split), slice(split, None)):
                html = self._html(report, part, drafts, changed)
                self._listen(ui.html(html, sanitize=False).classes("report view-assumptions"))
                if self._shown and part.stop:
                    editor = self._editor(_place(drafts, self._shown))
                    with ui.element("div").classes("choice-preview"):
                        await editor.draw_saved()

    def _html(self, report: Report, part: slice, drafts: Mapping[str, Draft], changed: frozenset[str]) -> Markup:
        links, name = RunLinks(self._header.name), self._header.name

        def edit(subject: str) -> str:
            artifact = REQUIREMENTS if report.requirement(subject) else CONFIG
            return address(name, "edit", artifact=artifact, at=subject)

        def can_use(subject: str, alternative: str) -> bool:
            found = _place(drafts, subject)
            return found is not None and usable(found[0].at(found[1]), alternative) is not None

        text = (
            environment("papercoder.web")
            .get_template("assumptions.html")
            .render(report=report, part=part, links=links, edit=edit, can_use=can_use, changed=changed)
        )
        return Markup(text)  # noqa: S704  the template escapes

    def _listen(self, element: ui.html) -> None:
        async def handle(event: events.GenericEventArguments) -> None:
            self._problem.set_text("")
            try:
                await self._use(str(event.args["at"]), int(event.args["number"]))
            except PaperCoderError as error:
                self._problem.set_text(str(error))

        element.on("click", handle, js_handler="(event) => emitAction(event, emit)")

    async def _use(self, subject: str, number: int) -> None:
        """Choose an alternative, save that, and show what follows from it."""
        report = self._report
        choices = {item.subject: item.alternatives for item in report.assumptions} if report else {}
        folder = self._web.runs_folder.run(self._header.name)
        found = _place(_drafts(folder), subject)
        if found is None or number >= len(choices.get(subject, ())):
            raise RunFolderError(f"{subject} has changed since this page was loaded. Load it again.")
        draft, path = found
        chosen, item = choices[subject][number], draft.at(path)
        if chosen not in item["alternatives"]:
            raise RunFolderError(f"{subject} has changed since this page was loaded. Load it again.")
        draft.use(path, item["alternatives"].index(chosen))
        await asyncio.to_thread(save, folder, draft.artifact, draft.text_before, draft.text())
        self._shown = subject
        self._header.pending.refresh()
        if now := await run.io_bound(load, folder):
            await self.draw(now)

    def _editor(self, place: "tuple[Draft, str] | None") -> Editor:
        assert place
        draft = place[0]
        return Editor(
            self._web, self._header.name, draft.artifact, draft.text_before, "edited", pending=self._header.pending
        )


def _drafts(folder: Path) -> dict[str, Draft]:
    """The artifacts with assumptions, as far as they are there and valid."""
    found: dict[str, Draft] = {}
    for artifact, kind in _KINDS.items():
        text = read_text(folder, artifact)
        with suppress(ArtifactError):
            found |= {artifact: Draft(artifact, kind, text)} if text else {}
    return found


def _place(drafts: Mapping[str, Draft], subject: str) -> tuple[Draft, str] | None:
    """The draft that has an assumption, and its path there; None if it cannot be changed."""
    for draft in drafts.values():
        field = "items" if "items" in draft.data else "values"
        for index, item in enumerate(draft.data[field]):
            if name_of(item) == subject:
                return draft, f"{field}.{index}"
    return None


def _changed(folder: Path, drafts: Mapping[str, Draft]) -> frozenset[str]:
    """The requirements and settings whose edits are saved and not applied yet."""
    found: set[str] = set()
    for artifact, text in pending_edits(folder).before.items():
        if text and artifact in drafts:
            field = "items" if artifact == REQUIREMENTS else "values"
            before = Draft(artifact, _KINDS[artifact], text).data[field]
            found |= {name_of(item) for item in drafts[artifact].data[field] if item not in before}
    return frozenset(found)


def register_assumptions(web: Web) -> None:
    """Register `/run/NAME/assumptions`."""

    @ui.page("/run/{name}/assumptions", response_timeout=60)
    async def assumptions(name: str) -> None:
        with layout.page(f"{web.runs_folder.label(name)}, assumptions"):
            folder = web.runs_folder.run(name)
            header = RunHeader(web, name, "assumptions")
            if not is_available(BY_NAME["assumptions"], folder):
                show_empty(web, name, BY_NAME["assumptions"])
                return
            page = AssumptionsPage(web, header)
            await page.fill()
            refresh_on_progress(web, name, page.fill)


class AssumptionsPage:
    """The page in one browser."""

    def __init__(self, web: Web, header: RunHeader) -> None:
        name = header.name
        self._web, self._name = web, name
        self._within = ui.html("", sanitize=False)
        self._assumptions = AssumptionList(web, header)
        self._letter = ui.element("section").classes("letter-part").props("id=questions")
        self._letter_text: str | None = None
        self._note = NoteForm(web, name)
        self._configuration = ui.html("", sanitize=False).classes("report view-assumptions")
        watcher = web.watchers.of(name)
        self._note.show(watcher.look())
        ui.context.client.on_delete(watcher.listen(self._note.show))

    async def fill(self) -> None:
        """Draw what exists."""
        report = await run.io_bound(load, self._web.runs_folder.run(self._name))
        if report is None:  # the server is shutting down
            return
        links = RunLinks(self._name)
        await self._assumptions.draw(report)
        self._configuration.set_content(await run.io_bound(section, report, "configuration", links) or "")
        self._fill_letter(letter(report))
        parts = [("assumptions", "Assumptions", str(len(report.assumptions))), ("questions", "Questions", "")]
        parts += [("note", "Apply an answer", "")]
        parts += [("configuration", "Configuration", str(len(report.config.values)))] if report.config else []
        self._within.set_content(environment("papercoder.web").get_template("within.html").render(links=parts))

    def _fill_letter(self, text: str) -> None:
        """Draw the questions, but not over a text that the user may be changing."""
        if text == self._letter_text:
            return
        self._letter_text = text
        self._letter.clear()
        with self._letter:
            layout.heading("Questions for the authors", 2)
            if not text:
                Label("No open questions: nothing was assumed or only cited so far.").classes("empty")
                return
            Label("Check the text before you send it. Apply the answers below.").classes("soft")
            ui.html(
                Markup(
                    '<textarea class="plain letter" aria-label="Questions" spellcheck="true">\n{}</textarea>'
                ).format(text),
                sanitize=False,
            )
            copy = button("Copy", lambda: None, "main")
            copy.on("click", js_handler="(event) => copyText('textarea.letter', event.currentTarget)")
            layout.key(copy, "c", "copy the questions")
