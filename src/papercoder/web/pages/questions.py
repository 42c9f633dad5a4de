"""Questions for the authors, as a text to copy."""

from markupsafe import Markup
from nicegui import run, ui

from papercoder.report import load
from papercoder.report.questions import questions
from papercoder.web.parts import tabs
from papercoder.web.parts.controls import button
from papercoder.web.parts.going import wait_for
from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web


def register(web: Web) -> None:
    """Put up `/run/NAME/questions`."""

    @ui.page("/run/{name}/questions", response_timeout=30)
    async def ask(name: str) -> None:
        with frame.page(f"{name}, questions"):
            folder = web.shelf.run(name)
            tabs.bar(name, folder, "questions")
            if not tabs.is_there(tabs.BY_NAME["questions"], folder):
                wait_for(web, name, tabs.BY_NAME["questions"])
                return
            frame.heading("Questions for the authors", 2)
            report = await run.io_bound(load, folder)
            text = questions(report) if report else ""
            if not text:
                frame.empty(
                    "No open questions: nothing was assumed or only cited so far.",
                    "To the run",
                    tabs.address(name, ""),
                )
                return
            _draw(text)


def _draw(text: str) -> None:
    ui.label(
        "What the code had to choose because the paper does not say. Check it before you send it. Apply the answers "
        "with papercoder revise."
    ).classes("soft")
    ui.html(
        Markup('<textarea class="plain letter" aria-label="Questions" spellcheck="true">\n{}</textarea>').format(text),
        sanitize=False,
    )
    copy = button("Copy", lambda: None, "main")
    copy.on("click", js_handler="(event) => copyText('textarea.letter', event.currentTarget)")
    frame.key(copy, "c", "copy the questions")
