"""Two runs, or two benches, side by side."""

from markupsafe import Markup
from nicegui import run, ui

from papercoder.bench.results.comparison import compare
from papercoder.bench.results.files import read_results
from papercoder.bench.results.page import comparison_body
from papercoder.report.rendering import environment
from papercoder.web.parts.tabs import address
from papercoder.web.runs.comparison import contrast
from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web


def register(web: Web) -> None:
    """Put up `/compare`; `one` and `two` are names."""

    @ui.page("/compare", response_timeout=30)
    async def beside(one: str = "", two: str = "") -> None:
        with frame.page("Comparison"):
            frame.heading("Comparison")
            if not (one and two):
                frame.empty("Select two runs or two benches in the list to compare them.", "All runs", "/")
                return
            is_bench = {one, two} <= set(web.shelf.benches())
            drawn = await run.io_bound(_benches if is_bench else _runs, web, one, two)
            ui.html(drawn or "", sanitize=False).classes(f"report {'bench-results' if is_bench else 'view-changes'}")


def _runs(web: Web, one: str, two: str) -> Markup:
    found = contrast(web.shelf.run(one), web.shelf.run(two))
    template = environment("papercoder.web").get_template("compare.html")
    links = (address(one, ""), address(two, ""))
    return Markup(template.render(contrast=found, names=(one, two), links=links))  # noqa: S704  the template escapes


def _benches(web: Web, one: str, two: str) -> Markup:
    return comparison_body(compare(read_results(web.shelf.folder(one)), read_results(web.shelf.folder(two))))
