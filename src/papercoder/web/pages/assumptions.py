"""The tab Assumptions & questions: what the paper leaves open, the questions for its authors, and what they answer."""

from markupsafe import Markup
from nicegui import run, ui

from papercoder.report import Report, load
from papercoder.report.questions import letter
from papercoder.report.rendering import environment, section
from papercoder.web.parts.actions import NoteForm
from papercoder.web.parts.run_header import RunHeader
from papercoder.web.parts.tabs import BY_NAME, RunLinks, address, is_available, refresh_on_progress, show_empty
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, button
from papercoder.web.server.state import Web


def register(web: Web) -> None:
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
