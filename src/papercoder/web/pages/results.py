"""The tab Results: the paper's claims and what was measured, live while trials run, with what starts them."""

from nicegui import run, ui

from papercoder.artifacts import Evaluation
from papercoder.evaluation import rendering as evaluation_page
from papercoder.files.regular import is_file
from papercoder.report import Report, load
from papercoder.report.rendering import Section, environment, section
from papercoder.runs import folder as run_folder
from papercoder.web.parts import live
from papercoder.web.parts.actions import DataPanel, DiagnoseForm, ReproduceForm
from papercoder.web.parts.run_header import RunHeader
from papercoder.web.parts.tabs import BY_NAME, RunLinks, is_available, refresh_on_progress, show_empty
from papercoder.web.runs.view import View
from papercoder.web.server import layout
from papercoder.web.server.layout import Label
from papercoder.web.server.state import Web

_EVALUATION = "evaluation/evaluation.json"


def register(web: Web) -> None:
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
