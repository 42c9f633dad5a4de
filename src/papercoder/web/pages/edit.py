"""Edit every artifact in place, with a preview of what is made again and its cost."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup
from nicegui import events, ui

from papercoder.errors import PaperCoderError
from papercoder.files.regular import read_text
from papercoder.operations.edit import save
from papercoder.operations.preview import (
    AffectedArtifact,
    ArtifactState,
    Preview,
    artifact_states,
    generated_text,
    preview,
)
from papercoder.operations.revise import cost_warning, settings_to_resume
from papercoder.report.formatting import amount, money, plural
from papercoder.report.rendering import environment
from papercoder.runs.summary import StepCost
from papercoder.web.parts import tabs
from papercoder.web.parts.artifact_tree import LABELS, TONES, tree_html
from papercoder.web.parts.run_header import RunHeader
from papercoder.web.server import layout
from papercoder.web.server.layout import Kind, Label, alert, button, number
from papercoder.web.server.state import Web

_MAX_CHARS = 400_000
"""Largest text in characters; the messages of a browser are limited to little more."""

_RUNNING = "A run cannot be edited while it is running, since it would mix old and new files."


def register(web: Web) -> None:
    """Register `/run/NAME/edit`; `artifact` is the one to open."""

    @ui.page("/run/{name}/edit", response_timeout=60)
    async def edit(name: str, artifact: str = "") -> None:
        with layout.page(f"{name}, edit", wide=True):
            folder = web.runs_folder.run(name)
            RunHeader(web, name, "files")
            if not tabs.is_available(tabs.BY_NAME["files"], folder):
                tabs.show_empty(web, name, tabs.BY_NAME["files"])
                return
            watcher = web.watchers.of(name)
            if watcher.look().is_active:
                layout.empty(
                    f"{_RUNNING} Wait for it to end, or stop it. Finished work is kept.",
                    "To the run",
                    tabs.address(name, ""),
                )
                tabs.reload_when(web, name, lambda: not watcher.look().is_active)
                return
            states = await artifact_states(folder)
            with ui.element("div").classes("editing"):
                opened = artifact or _first(states)
                ui.html(tree_html(name, states, opened), sanitize=False)
                with ui.element("div"):
                    _open(web, name, opened, states)


def _first(states: dict[str, ArtifactState]) -> str:
    """The requirements if they exist, since everything else depends on them."""
    return "planning/requirements.json" if "planning/requirements.json" in states else next(iter(states))


def _open(web: Web, name: str, artifact: str, states: dict[str, ArtifactState]) -> None:
    text = read_text(web.runs_folder.folder(name), artifact) if artifact in states else None
    opened = Opened(web, name, artifact, text, states.get(artifact, "generated"))
    if artifact not in states:
        layout.empty(
            f"{artifact[:200]} is not an input of anything, so editing it would have no effect. "
            "Choose another artifact."
        )
    elif text is None:
        layout.empty(f"{artifact} does not exist yet. Resume the run to make it.", "To the run", tabs.address(name, ""))
    elif len(text) > _MAX_CHARS:
        layout.empty(
            f"{artifact} is too large to edit here. Edit it in {web.runs_folder.folder(name) / artifact}, then "
            "resume the run."
        )
    else:
        opened.draw()


@dataclass
class Opened:
    """An open artifact in one browser."""

    web: Web
    name: str
    artifact: str
    text: str | None
    """The content of the file when it was opened or last saved here."""

    state: ArtifactState
    heading: str = ""
    """Heading of the editor; empty: the artifact's name."""

    shown: str | None = None
    """The text to edit if it is only a part of the file; None: the whole file."""

    as_artifact: Callable[[str], str] = str
    """Makes the content of the file from the edited text."""

    def draw(self) -> None:
        """Draw the text and its buttons."""
        with ui.element("div").classes("head"):
            layout.heading(self.heading or self.artifact)
            if label := LABELS[self.state]:
                Label(label).classes(f"badge {TONES[self.state]}")
        shown = (self.text or "") if self.shown is None else self.shown
        ui.html(_textarea(self.heading or self.artifact, shown), sanitize=False)
        with ui.element("div").classes("line"):
            preview_button = self._button(
                "Preview changes", self._show_preview, "main", "p", "preview what an edit changes"
            )
            preview_button.classes("preview-button")
            if self.state in {"edited", "stale"}:
                self._button("Revert my edit", self._show_revert, "", "b", "revert an edit")
            self.error = alert()
        self.preview = ui.element("div").classes("edit-preview").mark("preview")

    def _button(
        self,
        label: str,
        do: Callable[[str | None], Awaitable[None]],
        kind: Kind = "",
        letter: str = "",
        action: str = "",
    ) -> ui.element:
        """A button whose action gets the current text of the editor."""

        async def click(event: events.GenericEventArguments) -> None:
            self.error.set_text("")
            try:
                await do(self._typed(str(event.args)))
            except PaperCoderError as error:
                self.error.set_text(str(error))

        element = button(label, lambda: None, kind)
        element.on("click", click, js_handler="() => emit(editor().value)")
        return layout.key(element, letter, action) if letter else element

    def _typed(self, text: str) -> str:
        """The content of the file with the edited text; unchanged if the text is unchanged."""
        if self.shown is None:
            return _with_line_ends_of(self.text or "", text)
        return (self.text or "") if text == self.shown else self.as_artifact(text)

    async def _show_preview(self, text: str | None) -> None:
        """Show the effects of an edit, and buttons to save it; None reverts the user's edits."""
        self.preview.clear()
        folder = self.web.runs_folder.run(self.name)
        effects = await preview(folder, {} if text == self.text else {self.artifact: text})
        if text == self.text and not effects.certain:
            raise PaperCoderError("No changes yet, and nothing is waiting to be made again.")
        with self.preview:
            ui.html(preview_html(effects), sanitize=False)
            self._offer_to_save(text, effects, settings_to_resume(folder, {}).max_cost)
        ui.run_javascript("showPreview()")

    async def _show_revert(self, _: str | None) -> None:
        await self._show_preview(None)

    def _offer_to_save(self, shown: str | None, effects: Preview, max_cost: float | None) -> None:
        async def save_only(text: str | None) -> None:
            await self._save(shown, text)
            self.preview.clear()
            with self.preview:
                Label("Saved. Resume the run to apply it.").classes("remark")

        async def save_and_resume(text: str | None) -> None:
            await self._save(shown, text)
            await self.web.active_runs.resume(self.name, {"max_cost": limit.value})
            ui.navigate.to(tabs.address(self.name, ""))

        if warning := cost_warning(
            self.web.runs_folder.run(self.name), settings_to_resume(self.web.runs_folder.run(self.name), {})
        ):
            Label(warning).classes("remark")
        with ui.element("div").classes("line"):
            limit = number("Cost limit ($)", max_cost)
            self._button(_save_label(effects), save_and_resume, "main", "s", "save and resume").mark("make-again")
            if shown != self.text:
                self._button("Save only" if shown is not None else "Revert only", save_only).mark("save")

    async def _save(self, shown: str | None, text: str | None) -> None:
        """Write the previewed text; later changes need a new preview first."""
        if shown is not None and text != shown:
            raise PaperCoderError("You changed the text since. Preview the changes again, then save.")
        if shown == self.text:
            return
        folder = self.web.runs_folder.run(self.name)
        written = shown if shown is not None else await generated_text(folder, self.artifact)
        await asyncio.to_thread(save, folder, self.artifact, self.text, written)
        self.text = written
        ui.run_javascript("markSaved()")
        if written is not None and shown is None:
            ui.navigate.to(tabs.address(self.name, "edit", artifact=self.artifact))


def preview_html(effects: Preview) -> Markup:
    """What is made again, what may follow, and the cost of both."""
    template = environment("papercoder.web").get_template("preview.html")
    text = template.render(
        preview=effects,
        min_cost=_cost(effects.min_cost, effects.certain),
        max_cost=_cost(effects.max_cost, (*effects.certain, *effects.possible)),
        cost_of=lambda remade: _cost(remade.cost, (remade,)),
    )
    return Markup(text)  # noqa: S704  the template escapes


def _cost(spent: StepCost, remade: Iterable[AffectedArtifact]) -> str:
    """Calls, tokens and dollars in words, as measured the last time."""
    unknown = sum(not each.is_cost_known for each in remade)
    if not spent.calls:
        return "not known" if unknown else "no calls"
    cost = "price unknown" if spent.cost_usd is None else money(spent.cost_usd)
    text = f"{plural(round(spent.calls), 'call')}, {amount(spent.tokens)} tokens, {cost}"
    return text + (f", and {unknown} of unknown cost" if unknown else "")


def _save_label(effects: Preview) -> str:
    """The label of the button that saves and resumes, with the cost if there is one."""
    cost = effects.min_cost
    return "Save and resume" + (f" (about {money(cost.cost_usd)})" if cost.calls and cost.cost_usd else "")


def _with_line_ends_of(text: str, typed: str) -> str:
    """The typed text with the line ends of the file; browsers send only `\\n`."""
    return typed.replace("\n", "\r\n") if "\r\n" in text else typed


def _textarea(artifact: str, text: str) -> Markup:
    """The editor as plain HTML, so that updates from the server never overwrite typed text."""
    is_wrapped = artifact.endswith((".md", ".json"))
    keys = "Ctrl+S previews the changes." + ("" if is_wrapped else " Tab indents; Esc then Tab leaves the editor.")
    return Markup(
        '<textarea class="editor{}" spellcheck="false" autocomplete="off" autocapitalize="off" aria-label="{}" '
        'aria-describedby="editor-keys">\n{}</textarea>'
        '<p class="below soft small"><span class="where"></span><span id="editor-keys">{}</span></p>'
    ).format(" wrapped" if is_wrapped else "", artifact, text, keys)
