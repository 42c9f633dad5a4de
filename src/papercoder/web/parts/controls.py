"""Buttons and fields in the look of the page."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from typing import Literal

from nicegui import ui

Kind = Literal["", "main", "danger"]


def button(label: str, on_click: Callable[[], object | Awaitable[object]], kind: Kind = "") -> ui.element:
    """A button; its label is text. While what it began goes on, it cannot be clicked again."""

    async def click() -> None:
        if element.props.get("disabled"):
            return  # the second of a double click, sent before the browser knew
        element.props["disabled"] = True
        try:
            if isinstance(begun := on_click(), Awaitable):
                await begun
        finally:
            element.props.pop("disabled", None)

    element = ui.element("button").classes(f"button {kind}".strip())
    element.on("click", click if iscoroutinefunction(on_click) else on_click)
    element.props["type"] = "button"
    with element:
        ui.label(label).classes("bare")
    return element


def field(label: str, value: str = "", offered: list[str] | None = None) -> ui.input:
    """A line of text, with what may be chosen for it."""
    return ui.input(label, value=value, autocomplete=offered).props("outlined dense").classes("field")


def number(label: str, value: float | None) -> ui.number:
    """A number that is at least 0, or none."""
    return ui.number(label, value=value, min=0, step=0.5).props("outlined dense clearable").classes("field")


def select(label: str, told: Mapping[str, str], value: str) -> ui.select:
    """One of several."""
    return ui.select(dict(told), label=label, value=value).props("outlined dense options-dense").classes("field")


def alert() -> ui.label:
    """A place for what is wrong; it shows, and is read out, once it has a text."""
    label = ui.label().classes("wrong")
    label.props["role"] = "alert"
    return label
