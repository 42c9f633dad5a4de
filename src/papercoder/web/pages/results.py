"""The tabs Results and Assumptions: claims and what was measured, what the paper leaves open, and what starts work."""

from markupsafe import Markup
from nicegui import run, ui

from papercoder.artifacts import Evaluation
from papercoder.evaluation import rendering as evaluation_page
from papercoder.files.regular import is_file
from papercoder.report import Report, load
from papercoder.report.questions import letter
from papercoder.report.rendering import Section, environment, section
from papercoder.runs import folder as run_folder
from papercoder.web.parts import live
from papercoder.web.parts.actions import DataPanel, DiagnoseForm, NoteForm, ReproduceForm
from papercoder.web.parts.live import RunHeader
from papercoder.web.parts.tabs import BY_NAME, RunLinks, address, is_available, refresh_on_progress, show_empty
from papercoder.web.runs.view import View
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, button
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
            self._now.set_text(live.now(view))
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
        trials = f"{report.reproduction.measured} of {report.reproduction.trials}" if report.reproduction else ""
        met = report.claim_verdicts["met"]
        links = [("claims", "Claims", f"{met} of {len(report.claims)} met")] if report.claims else []
        links += [("trials", "Trials", trials)] if trials else []
        links += [("diagnosis", "Diagnosis", f"{len(report.diagnosis.kept)} kept")] if report.diagnosis else []
        links += [("data", "Data", str(len(report.data)))] if report.data else []
        links += [("scores", "Evaluation", "")] if is_judged else []
        self._within.set_content(environment("papercoder.web").get_template("within.html").render(links=links))

    def _part(self) -> ui.html:
        return ui.html("", sanitize=False).classes("report view-results")


def register_assumptions(web: Web) -> None:
    """Register `/run/NAME/assumptions`."""

    @ui.page("/run/{name}/assumptions", response_timeout=60)
    async def assumptions(name: str) -> None:
        with layout.page(f"{web.runs_folder.label(name)}, assumptions"):
            folder = web.runs_folder.run(name)
            RunHeader(web, name, "assumptions")
            if not is_available(BY_NAME["assumptions"], folder):
                show_empty(web, name, BY_NAME["assumptions"])
                return
            page = AssumptionsPage(web, name)
            await page.fill()
            refresh_on_progress(web, name, page.fill)


class AssumptionsPage:
    """The page in one browser."""

    def __init__(self, web: Web, name: str) -> None:
        self._web, self._name = web, name
        self._within = ui.html("", sanitize=False)
        self._assumptions = ui.html("", sanitize=False).classes("report view-assumptions")
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
        self._assumptions.set_content(await run.io_bound(self._render, report, links) or "")
        self._configuration.set_content(await run.io_bound(section, report, "configuration", links) or "")
        self._fill_letter(letter(report))
        parts = [("assumptions", "Assumptions", str(len(report.assumptions))), ("questions", "Questions", "")]
        parts += [("note", "Apply an answer", "")]
        parts += [("configuration", "Configuration", str(len(report.config.values)))] if report.config else []
        self._within.set_content(environment("papercoder.web").get_template("within.html").render(links=parts))

    def _render(self, report: Report, links: RunLinks) -> Markup:
        template = environment("papercoder.web").get_template("assumptions.html")

        def edit(artifact: str, subject: str) -> str:
            return address(self._name, "edit", artifact=artifact, at=subject)

        return Markup(template.render(report=report, links=links, edit=edit))  # noqa: S704  the template escapes

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
