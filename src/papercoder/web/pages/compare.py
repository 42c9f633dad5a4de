"""Compare two runs or two benches."""

from markupsafe import Markup
from nicegui import run, ui

from papercoder.bench.results.comparison import compare
from papercoder.bench.results.files import read_results
from papercoder.bench.results.page import comparison_body
from papercoder.report.rendering import environment
from papercoder.web.parts.tabs import address
from papercoder.web.runs.comparison import compare_runs
from papercoder.web.server import layout
from papercoder.web.server.state import Web


def register(web: Web) -> None:
    """Register `/compare`; `one` and `two` are names."""

    @ui.page("/compare", response_timeout=30)
    async def comparison(one: str = "", two: str = "") -> None:
        with layout.page("Comparison"):
            layout.heading("Comparison")
            if not (one and two):
                layout.empty("Select two runs or two benches in the list to compare them.", "All runs", "/")
                return
            is_bench = {one, two} <= set(web.runs_folder.benches())
            drawn = await run.io_bound(_benches if is_bench else _runs, web, one, two)
            ui.html(drawn or "", sanitize=False).classes(f"report {'bench-results' if is_bench else 'view-changes'}")


def _runs(web: Web, one: str, two: str) -> Markup:
    found = compare_runs(web.runs_folder.run(one), web.runs_folder.run(two))
    template = environment("papercoder.web").get_template("compare.html")
    links = (address(one, ""), address(two, ""))
    return Markup(template.render(comparison=found, names=(one, two), links=links))  # noqa: S704  the template escapes


def _benches(web: Web, one: str, two: str) -> Markup:
    return comparison_body(
        compare(read_results(web.runs_folder.folder(one)), read_results(web.runs_folder.folder(two)))
    )
