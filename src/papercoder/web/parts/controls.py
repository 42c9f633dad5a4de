"""Buttons and fields in the style of the page."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from typing import Literal

from nicegui import ui

Kind = Literal["", "main", "danger"]


def button(label: str, on_click: Callable[[], object | Awaitable[object]], kind: Kind = "") -> ui.element:
    """A button with a plain text label; it is disabled while its action runs."""

    async def click() -> None:
        if element.props.get("disabled"):
            return  # second click of a double click, sent before the browser knew
        element.props["disabled"] = True
        try:
            if isinstance(action := on_click(), Awaitable):
                await action
        finally:
            element.props.pop("disabled", None)

    element = ui.element("button").classes(f"button {kind}".strip())
    element.on("click", click if iscoroutinefunction(on_click) else on_click)
    element.props["type"] = "button"
    with element:
        ui.label(label).classes("bare")
    return element


def field(label: str, value: str = "", suggestions: list[str] | None = None) -> ui.input:
    """A text field with suggestions."""
    return ui.input(label, value=value, autocomplete=suggestions).props("outlined dense").classes("field")


def number(label: str, value: float | None) -> ui.number:
    """A number field: at least 0, or empty."""
    return ui.number(label, value=value, min=0, step=0.5).props("outlined dense clearable").classes("field")


def select(label: str, options: Mapping[str, str], value: str) -> ui.select:
    """A menu of values with their labels."""
    return ui.select(dict(options), label=label, value=value).props("outlined dense options-dense").classes("field")


def alert() -> ui.label:
    """A place for an error; it is shown, and read by screen readers, once it has a text."""
    label = ui.label().classes("wrong")
    label.props["role"] = "alert"
    return label
