"""The bundled example, one click away; and how a run is begun."""

from nicegui import ui

from papercoder.errors import PaperCoderError
from papercoder.operations.example import example
from papercoder.settings import Settings
from papercoder.web.parts.controls import alert, button
from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web


def draw(web: Web) -> None:
    """What the example is, and its button; nothing where it is not installed."""
    bundled = example()
    if bundled is None:
        return

    async def run() -> None:
        wrong.set_text("")
        try:
            await begin(web, "kiln", str(bundled.paper), bundled.settings())
        except PaperCoderError as error:
            wrong.set_text(str(error))

    with ui.element("div").classes("card example"):
        ui.label(
            "Try the bundled example first: a short paper with recorded answers. No key, no cost, and its code really "
            "runs. It takes a few minutes."
        )
        frame.key(button("Run the example", run).mark("example"), "e", "run the example")
        wrong = alert()


async def begin(web: Web, wanted: str, source: str, settings: Settings) -> None:
    """Begin a run under a free name, and go to its page.

    Raises:
        PaperCoderError: it cannot begin.
    """
    name = web.shelf.new(wanted)
    await web.works.start(name, source, settings)
    ui.navigate.to(f"/run/{name}")
