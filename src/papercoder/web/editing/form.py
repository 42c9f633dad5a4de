"""An artifact as a form: requirements, settings, claims, data and files as cards, all else as fields; or as text."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from markupsafe import Markup
from nicegui import events, ui

from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    Claims,
    DataSources,
    ExperimentConfig,
    FigureDescriptions,
    LogicDesign,
    OverallPlan,
    RequirementDrafts,
    Requirements,
)
from papercoder.errors import ArtifactError
from papercoder.report.rendering import environment
from papercoder.web.editing.draft import Draft, Field, fields_of, name_of, show_value, usable
from papercoder.web.parts import tabs
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, alert, button

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


KINDS: dict[str, tuple[str, type[Artifact]]] = {
    "planning/figures.json": ("Figures, read from their images", FigureDescriptions),
    "planning/plan.json": ("Plan", OverallPlan),
    "planning/found.json": ("Requirements as found", RequirementDrafts),
    "planning/requirements.json": ("Requirements", Requirements),
    "planning/claims.json": ("Claims", Claims),
    "planning/data.json": ("Data and weights", DataSources),
    "planning/architecture.json": ("Architecture", ArchitectureDesign),
    "planning/config.json": ("Settings", ExperimentConfig),
    "planning/logic.json": ("Logic of each file", LogicDesign),
}
"""Artifacts that have a form -> title and type."""

_LOOKS = {"Requirement": "requirement", "RequirementDraft": "requirement", "ConfigValue": "setting"}
"""Type of an item -> how its card looks; all others show their name and a summary."""

_NOUNS = {
    "Requirement": "requirement",
    "RequirementDraft": "requirement",
    "ConfigValue": "setting",
    "Claim": "claim",
    "Ordering": "ordering",
    "DataSource": "data source",
    "FigureDescription": "figure",
    "FilePlan": "file",
    "FileLogic": "file",
}
"""Type of an item -> its noun."""

_FILTER_FROM = 9
"""Number of cards from which on they can be filtered."""


class ArtifactForm:
    """The form of one artifact in one browser."""

    def __init__(
        self, run: str, draft: Draft, on_change: Callable[[], None], sources: Mapping[str, str] | None = None
    ) -> None:
        """Edit a draft.

        Args:
            run: the run's name.
            draft: what is edited.
            on_change: called after every change.
            sources: requirement -> the paper's words, for settings that a requirement states.
        """
        self.run, self.draft, self.sources = run, draft, sources or {}
        self._on_change = on_change
        self._open: set[str] = set()
        """Paths of open cards."""

        self._cards: dict[str, ui.html] = {}

    def text(self) -> str:
        """The text of the artifact.

        Raises:
            ArtifactError: a value is not valid.
        """
        return self.draft.text()

    def draw(self) -> None:
        """Draw all fields and cards."""
        self._problem = alert()
        self._container = ui.element("div").classes("artifact-form")
        self.redraw()

    def redraw(self) -> None:
        """Draw everything again, from the draft."""
        self._container.clear()
        self._cards.clear()
        fields = fields_of(self.draft.kind)
        with self._container:
            if any(field.kind != "items" for field in fields):
                body = _form(fields, "", self.draft.data, self.draft.errors())
                self._listen(ui.html(body, sanitize=False).classes("card form-head"))
            for field in fields:
                if field.item:
                    self._draw_list(field, has_heading=len(fields) > 1)

    def _draw_list(self, field: Field, *, has_heading: bool) -> None:
        assert field.item
        noun = _NOUNS.get(field.item.__name__, "item")
        items = self.draft.data[field.name]
        with ui.element("section").classes("edit-list"):
            if has_heading:
                layout.heading(f"{noun.capitalize()}s", 2)
            with ui.element("div").classes("list-tools"):
                if len(items) >= _FILTER_FROM:
                    words = ui.element("input").classes("plain filter-cards")
                    words.props.update({"type": "search", "placeholder": "Filter", "aria-label": f"Filter {noun}s"})
                    layout.key(words, "/", f"filter the {noun}s")
                self._add_button(field.name, noun)
            errors = self.draft.errors()
            for index in range(len(items)):
                path = f"{field.name}.{index}"
                if heading := _group(items, index):
                    layout.heading(heading, 3).classes("setting-group")
                self._cards[path] = ui.html(self._card(path, errors), sanitize=False)
                self._listen(self._cards[path])

    def _add_button(self, name: str, noun: str) -> None:
        def add() -> None:
            path = f"{name}.{self.draft.add(name)}"
            self._open.add(path)
            self.redraw()
            ui.run_javascript(f"showCard({json.dumps(_id(path))})")
            self._changed()

        button(f"Add a {noun}", add).mark("add")

    def _listen(self, element: ui.html) -> None:
        def handle(event: events.GenericEventArguments) -> None:
            data = {str(key): str(value) for key, value in event.args.items()} if isinstance(event.args, dict) else {}
            self._problem.set_text("")
            try:
                self._do(data)
            except ArtifactError as error:
                self._problem.set_text(str(error))

        element.on("change", handle, js_handler="(event) => emitField(event, emit)")
        element.on("click", handle, js_handler="(event) => emitAction(event, emit)")

    def _do(self, data: Mapping[str, str]) -> None:
        match data:
            case {"path": path, "value": typed}:
                if not self.draft.set(path, typed):
                    return
                self._show_errors()
            case {"do": "open", "at": path}:
                self.draft.at(path)
                self._open ^= {path}
                self._draw_card(path)
                return
            case {"do": "use", "at": path, "number": number}:
                self.draft.use(path, int(number))
                self._draw_card(path)
            case {"do": "add", "at": path}:
                self.draft.add(path)
                self._draw_card(_card_path(path))
            case {"do": "remove", "at": path}:
                self.draft.remove(path)
                self._after_removal(path)
            case _:
                return
        self._changed()

    def use(self, name: str, number: int) -> None:
        """Choose an alternative of the item with this name, and show it; nothing if there is no such alternative."""
        for path in self._cards:
            item = self.draft.at(path)
            if name_of(item) == name and 0 <= number < len(item.get("alternatives", ())):
                self.draft.use(path, number)
                self._draw_card(path)
                self._changed()
        self.show(name)

    def show(self, name: str) -> None:
        """Scroll to the item with this name."""
        path = next((path for path in self._cards if name_of(self.draft.at(path)) == name), "")
        if path:
            ui.run_javascript(f"showCard({json.dumps(_id(path))})")

    def undo(self) -> None:
        """Take back the last change."""
        if self.draft.undo():
            self.redraw()
            self._changed()

    def _after_removal(self, path: str) -> None:
        card = _card_path(path)
        if card != path:  # an item of the card
            self._draw_card(card)
            return
        field, _, index = path.partition(".")
        later = {each for each in self._open if _index_after(each, field, int(index))}
        self._open = {each for each in self._open - later if each != path}
        self._open |= {f"{field}.{int(each.partition('.')[2]) - 1}" for each in later}
        self.redraw()

    def _draw_card(self, path: str) -> None:
        self._cards[path].set_content(self._card(path, self.draft.errors()))

    def _card(self, path: str, errors: Mapping[str, str]) -> Markup:
        item, kind = self.draft.at(path), self.draft.kind_at(path)
        template = environment("papercoder.web").get_template("editing/card.html")
        is_open = path in self._open
        text = template.render(
            path=path,
            item=item,
            name=name_of(item),
            kind=_LOOKS.get(kind.__name__, ""),
            summary=_summary(item),
            is_open=is_open,
            is_changed=self.draft.is_item_changed(path),
            body=_form(fields_of(kind), f"{path}.", item, errors) if is_open else "",
            errors=errors,
            sources=self.sources,
            usable=usable,
            show_value=show_value,
            requirement_address=lambda name: tabs.address(self.run, "read", r=name),
        )
        return Markup(text)  # noqa: S704  the template escapes

    def _show_errors(self) -> None:
        ui.run_javascript(f"showErrors({json.dumps(self.draft.errors())})")

    def _changed(self) -> None:
        changed = [_id(path) for path in self._cards if self.draft.is_item_changed(path)]
        ui.run_javascript(f"showChanged({json.dumps(changed)})")
        self._on_change()


def _form(fields: tuple[Field, ...], path: str, item: Any, errors: Mapping[str, str]) -> Markup:
    template = environment("papercoder.web").get_template("editing/form.html")
    values = {"fields": fields, "path": path, "item": item, "errors": errors}
    tools = {"fields_of": fields_of, "show_value": show_value, "rows_of": _rows}
    return Markup(template.render(**values, **tools))  # noqa: S704  the template escapes


def _rows(text: str) -> int:
    """Rows of a text field."""
    return min(max(sum(1 + len(line) // 110 for line in str(text).split("\n")), 2), 16)


def _summary(item: Mapping[str, Any]) -> str:
    """What an item says, in a line."""
    if "metric" in item and "value" in item:
        parts = (item["method"], item["dataset"], item["metric"])
        return (
            f"{' · '.join(filter(None, parts))}: {item['printed'] or show_value(item['value'])} {item['unit']}".strip()
        )
    if "fallback" in item:
        return " · ".join(filter(None, (item["kind"].replace("_", " "), item["id"])))
    return next(
        (str(item[name]) for name in ("statement", "purpose", "implements", "summary", "not_read") if item.get(name)),
        "",
    )


def _group(items: list[Any], index: int) -> str:
    """The heading before a setting: its group, if the one before is of another."""
    if "key" not in items[index]:
        return ""
    now = items[index]["key"].rpartition(".")[0]
    before = items[index - 1]["key"].rpartition(".")[0] if index else ""
    return now.replace("_", " ").capitalize() if now != before else ""


def _card_path(path: str) -> str:
    """The path of the card that a path is in."""
    return ".".join(path.split(".")[:2])


def _index_after(path: str, field: str, index: int) -> bool:
    name, _, number = path.partition(".")
    return name == field and int(number) > index


def _id(path: str) -> str:
    return f"card-{path.replace('.', '-')}"
