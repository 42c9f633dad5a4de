"""An open artifact: its form or text, the preview of its changes, and the ways to apply them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol

from markupsafe import Markup
from nicegui import ui

from papercoder.errors import PaperCoderError
from papercoder.operations.edit import discard, pending_edits, save
from papercoder.operations.preview import AffectedArtifact, ArtifactState, Preview, generated_text, preview
from papercoder.operations.revise import cost_warning, settings_to_resume
from papercoder.report.formatting import amount, money, plural
from papercoder.report.rendering import environment
from papercoder.runs.summary import StepCost
from papercoder.web.editing.form import ArtifactForm, CodeText
from papercoder.web.parts import tabs
from papercoder.web.parts.tabs import PendingChange
from papercoder.web.server import layout
from papercoder.web.server.layout import Kind, Label, Link, alert, button, field, number
from papercoder.web.server.state import Web

LABELS: dict[ArtifactState, str] = {
    "generated": "",
    "edited": "edited",
    "stale": "edited, stale",
    "missing": "not made",
}
TONES: dict[ArtifactState, str] = {"generated": "none", "edited": "active", "stale": "fair", "missing": "none"}


class Content(Protocol):
    """What is edited: a form or a text."""

    def draw(self) -> None:
        """Draw it."""

    def text(self) -> str:
        """The text of the artifact; raises PaperCoderError if it is not valid."""


class Editor:
    """An open artifact in one browser."""

    def __init__(
        self,
        web: Web,
        name: str,
        artifact: str,
        text: str | None,
        state: ArtifactState,
        *,
        title: str = "",
        pending: PendingChange | None = None,
    ) -> None:
        """Open an artifact.

        Args:
            web: the server's state.
            name: the run's name.
            artifact: to edit.
            text: of the file when it was opened or last saved here.
            state: whether the user edited it before.
            title: of the editor; empty: the artifact's name.
            pending: the note that shows a saved edit.
        """
        self.pending = pending
        self.web, self.name, self.artifact, self.text, self.state = web, name, artifact, text, state
        self.title = title
        self.content: Content = CodeText(artifact, text or "", self.changed)
        self._frame: ui.element | None = None

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.web.runs_folder.run(self.name)

    def draw(self) -> None:
        """Draw the heading, the content and the buttons."""
        with ui.element("div").classes("editor-frame") as self._frame:
            with ui.element("div").classes("head"):
                layout.heading(self.title or self.artifact)
                if isinstance(self.content, ArtifactForm):
                    Label(self.artifact).classes("soft small mono")
                if label := LABELS[self.state]:
                    Label(label).classes(f"badge {TONES[self.state]}")
                if isinstance(self.content, ArtifactForm):
                    Link("Edit as JSON", tabs.address(self.name, "edit", artifact=self.artifact, text=1))
            self.content.draw()
            with ui.element("div").classes("editor-bar"):
                self._status = Label().classes("edit-status soft")
                if isinstance(self.content, ArtifactForm):
                    self.button("Undo", self._undo, "", "u", "undo the last change")
                if self.state in {"edited", "stale"}:
                    self.button("Revert my edit", self._show_revert, "", "b", "revert an edit")
                self.button("Preview changes", self._show_changes, "main", "p", "preview what an edit changes").classes(
                    "preview-button"
                )
                self.error = alert()
            self.preview = ui.element("div").classes("edit-preview").mark("preview")

    async def draw_saved(self) -> None:
        """Draw what the saved edit makes again, and the ways to apply it or to take it back."""
        self.error = alert()
        self.preview = ui.element("div").classes("edit-preview").mark("preview")
        try:
            await self._show_preview(self.text)
        except PaperCoderError as error:
            self.error.set_text(str(error))

    def changed(self) -> None:
        """Show what changed, and protect it when the user leaves the page."""
        if self._frame is None:
            return
        names = self.content.draft.changes() if isinstance(self.content, ArtifactForm) else ()
        try:
            is_changed = self.content.text() != self.text
        except PaperCoderError:
            is_changed = True
        wrong = len(self.content.draft.errors()) if isinstance(self.content, ArtifactForm) else 0
        self._status.set_text(_changed_text(names, wrong) if is_changed else "")
        self._frame.props.set_bool("data-edited", is_changed)
        self.error.set_text("")
        self.preview.clear()

    def button(
        self, label: str, do: Callable[[], Awaitable[None]], kind: Kind = "", letter: str = "", action: str = ""
    ) -> ui.element:
        """A button whose errors are shown below it."""

        async def click() -> None:
            self.error.set_text("")
            try:
                await do()
            except PaperCoderError as error:
                self.error.set_text(str(error))

        element = button(label, click, kind)
        return layout.key(element, letter, action) if letter else element

    async def _undo(self) -> None:
        if isinstance(self.content, ArtifactForm):
            self.content.undo()

    async def _show_changes(self) -> None:
        await self._show_preview(self.content.text())

    async def _show_revert(self) -> None:
        await self._show_preview(None)

    async def _show_preview(self, text: str | None) -> None:
        """Show the effects of an edit, and the ways to apply it; None reverts the user's edit."""
        self.preview.clear()
        effects = await preview(self.folder, {} if text == self.text else {self.artifact: text})
        if text == self.text and not effects.certain and not effects.rewritten:
            raise PaperCoderError("No changes yet, and nothing is waiting to be made again.")
        with self.preview:
            ui.html(preview_html(effects), sanitize=False)
            if warning := cost_warning(self.folder, settings_to_resume(self.folder, {})):
                Label(warning).classes("remark")
            Ways(self, text, effects).draw()
        ui.run_javascript("showPreview()")

    async def save(self, shown: str | None) -> None:
        """Write the previewed text; later changes need a new preview first."""
        if shown is not None and self.content.text() != shown:
            raise PaperCoderError("You changed the text since. Preview the changes again, then save.")
        if shown == self.text:
            return
        written = shown if shown is not None else await generated_text(self.folder, self.artifact)
        await asyncio.to_thread(save, self.folder, self.artifact, self.text, written)
        self.text = written
        self.mark_saved()

    def mark_saved(self) -> None:
        """Nothing is unsaved any more."""
        if self._frame:
            self._frame.props.set_bool("data-edited", False)
            self._status.set_text("")
        ui.run_javascript("markSaved()")


class Ways:
    """The ways to apply a previewed edit, the cheapest first."""

    def __init__(self, editor: Editor, text: str | None, effects: Preview) -> None:
        self.editor, self.text, self.effects = editor, text, effects

    def draw(self) -> None:
        """Draw a card for each way that is possible."""
        editor, effects = self.editor, self.effects
        settings = settings_to_resume(editor.folder, {})
        is_change = self.text != editor.text
        with ui.element("div").classes("ways"):
            if effects.trials_suffice and self.text is not None:
                with self._way(
                    "Only run the affected trials",
                    "No code depends on this change. The trials that read these settings run again; all other results "
                    "stay, and no model is called unless the code fails.",
                ):
                    self.budget = field("Budget", "1h").classes("short")
                    editor.button(
                        "Save and run the trials" if is_change else "Run the trials", self._run_trials, "main"
                    )
            if effects.code_edits and not effects.trials_suffice and self.text is not None:
                with self._way(
                    "Edit the present code",
                    f"The model edits the files that this change concerns. Everything else stays. {effects.code_edits}",
                ):
                    editor.button("Save and edit the code" if is_change else "Edit the code", self._edit_code, "main")
            with self._way("Make again what depends on it", _remade_text(effects)):
                self.limit = number("Cost limit ($)", settings.max_cost).classes("short")
                is_main = not (effects.trials_suffice or effects.code_edits)
                label = _with_cost("Save and resume" if is_change else "Resume", effects)
                editor.button(label, self._resume, "main" if is_main else "").mark("make-again")
            if is_change:
                label = "Save only" if self.text is not None else "Revert only"
                with self._way("Apply it later", "The run shows the edit as pending until it is resumed."):
                    editor.button(label, self._save_only).mark("save")
            elif pending_edits(editor.folder).before:
                with self._way("Take it back", "All edits that are saved and not applied yet are discarded."):
                    editor.button("Discard", self._discard, "danger").mark("discard")

    def _way(self, title: str, text: str) -> ui.element:
        way = ui.element("section").classes("way")
        with way:
            layout.heading(title, 3)
            Label(text).classes("soft small")
        return way

    async def _save_only(self) -> None:
        await self.editor.save(self.text)
        if self.text is None:
            ui.navigate.to(tabs.address(self.editor.name, "edit", artifact=self.editor.artifact))
        else:
            self.editor.preview.clear()
            if self.editor.pending:
                self.editor.pending.refresh()

    async def _discard(self) -> None:
        await asyncio.to_thread(discard, self.editor.folder)
        ui.navigate.reload()

    async def _resume(self) -> None:
        await self.editor.save(self.text)
        await self.editor.web.active_runs.resume(self.editor.name, {"max_cost": self.limit.value})
        ui.navigate.to(tabs.address(self.editor.name, ""))

    async def _edit_code(self) -> None:
        texts = self._texts()
        await self.editor.web.active_runs.edit_code(self.editor.name, texts, {"max_cost": self.limit.value})
        self._leave()

    async def _run_trials(self) -> None:
        texts = self._texts()
        await self.editor.web.active_runs.run_trials(self.editor.name, texts, self.budget.value or "")
        self._leave()

    def _texts(self) -> dict[str, str]:
        """The previewed text, if nothing changed since."""
        if self.text is None or self.editor.content.text() != self.text:
            raise PaperCoderError("You changed the text since. Preview the changes again, then save.")
        return {self.editor.artifact: self.text}

    def _leave(self) -> None:
        self.editor.mark_saved()
        ui.navigate.to(tabs.address(self.editor.name, ""))


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


def _remade_text(effects: Preview) -> str:
    if not effects.certain:
        return "Nothing is made again; the run uses your edit."
    least = f"{plural(len(effects.certain), 'artifact')} as listed, for {_cost(effects.min_cost, effects.certain)}"
    if not effects.possible:
        return f"{least}."
    most = _cost(effects.max_cost, (*effects.certain, *effects.possible))
    return f"{least}; at most {most} if everything after them changes too."


def _with_cost(label: str, effects: Preview) -> str:
    """The label of the button that resumes the run, with the cost if there is one."""
    cost = effects.min_cost
    return label + (f" (about {money(cost.cost_usd)})" if cost.calls and cost.cost_usd else "")


def _changed_text(names: tuple[str, ...], wrong: int) -> str:
    """What is not saved, and how many fields must be corrected first."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    text = f"Not saved: {', '.join(names[:3])}{more}" if names else "Changed, not saved"
    return f"{plural(wrong, 'field')} to correct. {text}" if wrong else text
