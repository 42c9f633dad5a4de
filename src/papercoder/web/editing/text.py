"""Artifacts as text: code with line numbers and colours, and plain text for a place of the paper."""

from collections.abc import Callable
from typing import Literal

from markupsafe import Markup
from nicegui import events, ui

from papercoder.web.server.layout import Label

_Language = Literal["Python", "YAML", "JSON", "Markdown", "Shell", "TOML"]

_LANGUAGES: dict[str, _Language] = {
    "py": "Python",
    "yaml": "YAML",
    "json": "JSON",
    "md": "Markdown",
    "sh": "Shell",
    "toml": "TOML",
}

_WRAPPED = frozenset({"md", "json", "txt"})


class CodeText:
    """A text with line numbers and colours."""

    def __init__(self, artifact: str, text: str, on_change: Callable[[], None]) -> None:
        self._artifact, self._before = artifact, text
        self._now = text.replace("\r\n", "\n")
        self._on_change = on_change

    def text(self) -> str:
        """The text, with the line ends of the file."""
        return self._now.replace("\n", "\r\n") if "\r\n" in self._before else self._now

    def draw(self) -> None:
        """Draw the editor; its colours follow the dark mode of the page."""
        suffix = self._artifact.rpartition(".")[2]

        def changed(event: events.ValueChangeEventArguments[str]) -> None:
            self._now = event.value
            self._on_change()

        editor = ui.codemirror(
            self._now,
            language=_LANGUAGES.get(suffix),
            theme="vscodeLight",
            line_wrapping=suffix in _WRAPPED,
            on_change=changed,
        )
        editor.classes("code-editor")
        keys = "Ctrl+S previews the changes, Ctrl+F searches. Tab indents; Esc, then Tab leaves the editor."
        Label(keys).classes("below soft small")
        ui.run_javascript(f"dressEditor({editor.id}, {self._artifact!r})")


class PlainText:
    """A text without line numbers, as plain HTML, so that updates from the server never overwrite typed text."""

    def __init__(self, label: str, text: str, on_change: Callable[[], None], as_artifact: Callable[[str], str]) -> None:
        """Edit a text.

        Args:
            label: names the field.
            text: to edit.
            on_change: called after every change.
            as_artifact: makes the content of the file from the edited text.
        """
        self._label, self._shown, self._now = label, text, text
        self._on_change = on_change
        self._as_artifact = as_artifact

    def text(self) -> str:
        """The content of the file.

        Raises:
            PaperCoderError: the text is not valid.
        """
        return self._as_artifact(self._now)

    def draw(self) -> None:
        """Draw the field."""

        def changed(event: events.GenericEventArguments) -> None:
            if self._now != str(event.args):
                self._now = str(event.args)
                self._on_change()

        area = Markup(
            '<textarea class="editor wrapped" spellcheck="false" autocomplete="off" autocapitalize="off" '
            'aria-label="{}">\n{}</textarea>'
        ).format(self._label, self._shown)
        ui.html(area, sanitize=False).on("change", changed, js_handler="(event) => emit(event.target.value)")
        Label("Ctrl+S previews the changes.").classes("below soft small")
