"""The results of a bench, with links to its trials and to comparisons with other benches."""

from collections.abc import Iterator
from urllib.parse import urlencode

from nicegui import run, ui

from papercoder.artifacts import BenchTrialResult
from papercoder.bench.results.files import read_results
from papercoder.bench.results.page import body, body_style
from papercoder.web.parts.tabs import address
from papercoder.web.runs.folder import trial_name
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, Link
from papercoder.web.server.state import Web


def register(web: Web) -> None:
    """Register `/bench/NAME`."""
    ui.add_head_html(f"<style>{body_style('.bench-results')}</style>", shared=True)

    @ui.page("/bench/{name}", response_timeout=30)
    async def bench(name: str) -> None:
        with layout.page(name):
            results = await run.io_bound(read_results, web.runs_folder.folder(name))
            if results is None:
                return
            _others(name, [other for other in web.runs_folder.benches() if other != name])
            ui.html(body(results, lambda trial: dict(_links(web, name, trial))), sanitize=False).classes(
                "report bench-results"
            )


def _links(web: Web, name: str, trial: BenchTrialResult) -> Iterator[tuple[str, str]]:
    """A link to the run of a trial, if its folder exists."""
    own = trial_name(name, trial.trial)
    if web.runs_folder.is_run(own):
        yield "run", address(own, "")


def _others(name: str, others: list[str]) -> None:
    if others:
        with ui.element("nav").classes("line soft small"):
            Label("Compare with")
            for other in others[:12]:
                Link(other, "/compare?" + urlencode({"one": other, "two": name}))
