"""Every artifact, to be edited in place: what is made again is shown before it is, with its price."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from markupsafe import Markup
from nicegui import events, ui

from papercoder.errors import PaperCoderError
from papercoder.operations.edit import save
from papercoder.operations.preview import ArtifactState, Preview, artifact_states, generated_text, preview
from papercoder.operations.revise import cost_warning, settings_to_resume
from papercoder.runs.folder import read_text
from papercoder.web.parts import tabs
from papercoder.web.parts.artifact_tree import LABELS, TONES, tree_html
from papercoder.web.parts.controls import Kind, alert, button, number
from papercoder.web.parts.foreseen import button_label, foreseen_html
from papercoder.web.parts.going import reload_once, wait_for
from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web

_LONGEST = 400_000
"""Characters that are edited here; a browser's message may have little more."""

_GOING = "A running run cannot be edited, since it would mix old and new files."


def register(web: Web) -> None:
    """Put up `/run/NAME/edit`; `artifact` is the one that is open."""

    @ui.page("/run/{name}/edit", response_timeout=60)
    async def edit(name: str, artifact: str = "") -> None:
        with frame.page(f"{name}, edit", wide=True):
            folder = web.shelf.run(name)
            tabs.bar(name, folder, "edit")
            if not tabs.is_there(tabs.BY_NAME["edit"], folder):
                wait_for(web, name, tabs.BY_NAME["edit"])
                return
            watch = web.watches.of(name)
            if watch.look().is_going:
                frame.empty(
                    f"{_GOING} Wait for it to end, or stop it. Finished work is kept.",
                    "To the run",
                    tabs.address(name, ""),
                )
                reload_once(web, name, lambda: not watch.look().is_going)
                return
            kept = await artifact_states(folder)
            with ui.element("div").classes("editing"):
                opened = artifact or _first(kept)
                ui.html(tree_html(name, kept, opened), sanitize=False)
                with ui.element("div"):
                    _open(web, name, opened, kept)


def _first(kept: dict[str, ArtifactState]) -> str:
    """The requirements, where there are any: they are what all else hangs on."""
    return "planning/requirements.json" if "planning/requirements.json" in kept else next(iter(kept))


def _open(web: Web, name: str, artifact: str, kept: dict[str, ArtifactState]) -> None:
    text = read_text(web.shelf.file(name, artifact)) if artifact in kept else None
    opened = Opened(web, name, artifact, text, kept.get(artifact, "generated"))
    if artifact not in kept:
        frame.empty(
            f"{artifact[:200]} is not an input of anything, so editing it would have no effect. "
            "Choose another artifact."
        )
    elif text is None:
        frame.empty(f"{artifact} does not exist yet. Resume the run to make it.", "To the run", tabs.address(name, ""))
    elif len(text) > _LONGEST:
        frame.empty(
            f"{artifact} is too large to edit here. Edit it in {web.shelf.file(name, artifact)}; what you "
            "write there is used as it is, and only what reads it is made again."
        )
    else:
        opened.draw()


@dataclass
class Opened:
    """An artifact in one browser."""

    web: Web
    name: str
    artifact: str
    text: str | None
    """What the file held when it was opened, or saved from here last."""

    kept: ArtifactState
    heading: str = ""
    """Empty: the artifact's name."""

    shown: str | None = None
    """What is edited in place of the whole file; None: the file."""

    as_artifact: Callable[[str], str] = str
    """From what was typed to the file's text."""

    def draw(self) -> None:
        """The text, and what can be done with it."""
        with ui.element("div").classes("head"):
            frame.heading(self.heading or self.artifact)
            if label := LABELS[self.kept]:
                ui.label(label).classes(f"badge {TONES[self.kept]}")
        shown = (self.text or "") if self.shown is None else self.shown
        ui.html(_textarea(self.heading or self.artifact, shown), sanitize=False)
        with ui.element("div").classes("line"):
            trying = self._button("Preview changes", self._show, "main", "p", "preview what an edit changes")
            trying.classes("try")
            if self.kept in {"edited", "stale"}:
                self._button("Revert my edit", self._show_without, "", "b", "revert an edit")
            self.wrong = alert()
        self.foreseen = ui.element("div").classes("foreseen").mark("foreseen")

    def _button(
        self, label: str, do: Callable[[str | None], Awaitable[None]], kind: Kind = "", letter: str = "", what: str = ""
    ) -> ui.element:
        """A button that brings what stands in the editor with it."""

        async def tried(event: events.GenericEventArguments) -> None:
            self.wrong.set_text("")
            try:
                await do(self._typed(str(event.args)))
            except PaperCoderError as error:
                self.wrong.set_text(str(error))

        element = button(label, lambda: None, kind)
        element.on("click", tried, js_handler="() => emit(editor().value)")
        return frame.key(element, letter, what) if letter else element

    def _typed(self, text: str) -> str:
        """The file with what was typed; with nothing changed, the file as it is."""
        if self.shown is None:
            return _as_in(self.text or "", text)
        return (self.text or "") if text == self.shown else self.as_artifact(text)

    async def _show(self, text: str | None) -> None:
        """Show what comes of an edit, and offer to save it."""
        self.foreseen.clear()
        folder = self.web.shelf.run(self.name)
        foreseen = await preview(folder, {} if text == self.text else {self.artifact: text})
        if text == self.text and not foreseen.certain:
            raise PaperCoderError("No changes yet, and nothing is waiting to be made again.")
        with self.foreseen:
            ui.html(foreseen_html(foreseen), sanitize=False)
            self._offer(text, foreseen, settings_to_resume(folder, {}).max_cost)
        ui.run_javascript("showForeseen()")

    async def _show_without(self, _: str | None) -> None:
        await self._show(None)

    def _offer(self, shown: str | None, foreseen: Preview, cap: float | None) -> None:
        async def kept(text: str | None) -> None:
            await self._save(shown, text)
            self.foreseen.clear()
            with self.foreseen:
                ui.label("Saved. Resume the run to apply it.").classes("remark")

        async def made_again(text: str | None) -> None:
            await self._save(shown, text)
            await self.web.works.go_on(self.name, {"max_cost": most.value})
            ui.navigate.to(tabs.address(self.name, ""))

        if told := cost_warning(self.web.shelf.run(self.name), settings_to_resume(self.web.shelf.run(self.name), {})):
            ui.label(told).classes("remark")
        with ui.element("div").classes("line"):
            most = number("Cost limit ($)", cap)
            self._button(button_label(foreseen), made_again, "main", "s", "save and resume").mark("make-again")
            if shown != self.text:
                self._button("Save only" if shown is not None else "Revert only", kept).mark("save")

    async def _save(self, shown: str | None, text: str | None) -> None:
        """Write what was shown; what was typed since has to be looked at first."""
        if shown is not None and text != shown:
            raise PaperCoderError("You changed the text since. Preview the changes again, then save.")
        if shown == self.text:
            return
        folder = self.web.shelf.run(self.name)
        written = shown if shown is not None else await generated_text(folder, self.artifact)
        await asyncio.to_thread(save, folder, self.artifact, self.text, written)
        self.text = written
        ui.run_javascript("editKept()")
        if written is not None and shown is None:
            ui.navigate.to(tabs.address(self.name, "edit", artifact=self.artifact))


def _as_in(before: str, typed: str) -> str:
    """With the line ends that the file has: a browser knows but one."""
    return typed.replace("\n", "\r\n") if "\r\n" in before else typed


def _textarea(artifact: str, text: str) -> Markup:
    """Filled by the browser alone, so that nothing that is drawn later takes away what was typed."""
    is_wrapped = artifact.endswith((".md", ".json"))
    keys = "Ctrl+S previews the changes." + ("" if is_wrapped else " Tab indents; Esc then Tab leaves the editor.")
    return Markup(
        '<textarea class="editor{}" spellcheck="false" autocomplete="off" autocapitalize="off" aria-label="{}" '
        'aria-describedby="editor-keys">\n{}</textarea>'
        '<p class="below soft small"><span class="where"></span><span id="editor-keys">{}</span></p>'
    ).format(" wrapped" if is_wrapped else "", artifact, text, keys)
