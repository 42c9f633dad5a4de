"""The list of runs and benches."""

from nicegui import ui

from papercoder.show import RunReport, report
from papercoder.web import frame
from papercoder.web.state import Web


def register(web: Web) -> None:
    """Put up `/`."""

    @ui.page("/")
    def runs() -> None:
        with frame.page("Runs", "runs"):
            frame.heading("Runs")
            names = web.shelf.runs()
            if not names:
                frame.empty(
                    "There is no run here yet. Begin one with a paper of yours or with the example.", "New run", "/new"
                )
            for name in names:
                _row(name, report(web.shelf.run(name)))


def _row(name: str, run: RunReport) -> None:
    with ui.element("div").classes("run").mark(f"run-{name}"):
        ui.link(name, f"/run/{name}")
        ui.label(run.status)
