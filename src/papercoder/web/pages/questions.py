"""Questions for the authors as a text to copy."""

from markupsafe import Markup
from nicegui import run, ui

from papercoder.report import load
from papercoder.report.questions import questions
from papercoder.web.parts import tabs
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, button
from papercoder.web.server.state import Web


def register(web: Web) -> None:
    """Register `/run/NAME/questions`."""

    @ui.page("/run/{name}/questions", response_timeout=30)
    async def questions_page(name: str) -> None:
        with layout.page(f"{name}, questions"):
            folder = web.runs_folder.run(name)
            tabs.bar(name, folder, "questions")
            if not tabs.is_available(tabs.BY_NAME["questions"], folder):
                tabs.show_empty(web, name, tabs.BY_NAME["questions"])
                return
            layout.heading("Questions for the authors", 2)
            report = await run.io_bound(load, folder)
            text = questions(report) if report else ""
            if not text:
                layout.empty(
                    "No open questions: nothing was assumed or only cited so far.",
                    "To the run",
                    tabs.address(name, ""),
                )
                return
            _draw(text)


def _draw(text: str) -> None:
    Label(
        "What the code had to choose because the paper does not say. Check it before you send it. Apply the answers "
        "with papercoder revise."
    ).classes("soft")
    ui.html(
        Markup('<textarea class="plain letter" aria-label="Questions" spellcheck="true">\n{}</textarea>').format(text),
        sanitize=False,
    )
    copy = button("Copy", lambda: None, "main")
    copy.on("click", js_handler="(event) => copyText('textarea.letter', event.currentTarget)")
    layout.key(copy, "c", "copy the questions")
