"""The card of the bundled example, and the start of a run."""

from nicegui import ui

from papercoder.errors import PaperCoderError
from papercoder.operations.example import example
from papercoder.settings import Settings
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, alert, button
from papercoder.web.server.state import Web


def draw(web: Web) -> None:
    """Draw the card; nothing if the example is not installed."""
    bundled = example()
    if bundled is None:
        return

    async def run() -> None:
        wrong.set_text("")
        try:
            await start_run(web, "kiln", str(bundled.paper), bundled.settings())
        except PaperCoderError as error:
            wrong.set_text(str(error))

    with ui.element("div").classes("card example"):
        Label(
            "Try the bundled example first: a short paper with recorded answers. No key, no cost, and its code really "
            "runs. It takes a few minutes."
        )
        layout.key(button("Run the example", run).mark("example"), "e", "run the example")
        wrong = alert()


async def start_run(web: Web, wanted: str, source: str, settings: Settings) -> None:
    """Start a run under a free name, and open its page.

    Raises:
        PaperCoderError: it cannot start.
    """
    name = web.runs_folder.new(wanted)
    await web.active_runs.start(name, source, settings)
    ui.navigate.to(f"/run/{name}")
