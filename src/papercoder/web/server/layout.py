"""The layout of every page: header, navigation, dark mode, keys, and the elements that pages share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from nicegui import ui

from papercoder.errors import PaperCoderError

Here = Literal["runs", "new", ""]
"""The header link that is marked as current."""

_DARK = "papercoder-dark"
"""Cookie with the user's choice of dark mode; without it the system's setting applies."""


@contextmanager
def page(title: str, here: Here = "", *, wide: bool = False) -> Iterator[None]:
    """Draw the layout; elements built inside the `with` are its content. A PaperCoderError is shown as the page.

    Args:
        title: of the browser's tab; plain text.
        here: the header link of this page.
        wide: use the full width of the window.
    """
    ui.page_title(f"{title} · PaperCoder")
    _header(here)
    with ui.element("div").classes("page wide" if wide else "page"):
        try:
            yield
        except PaperCoderError as error:
            ui.context.client.status_code = 404
            error_page(str(error))


def error_page(message: str) -> None:
    """Show an error in place of a page, with a link to the runs."""
    with ui.element("section").classes("trouble").mark("error"):
        _text("h1", "Error")
        ui.label(message)
        ui.link("All runs", "/").classes("button")


def empty(message: str, label: str = "", target: str = "") -> None:
    """Explain what to do in place of content that does not exist yet, optionally with a link."""
    with ui.element("div").classes("empty"):
        ui.label(message)
        if label:
            ui.link(label, target).classes("button")


def heading(text: str, level: Literal[1, 2, 3] = 1) -> ui.element:
    """A heading with plain text."""
    return _text(f"h{level}", text)


def key(element: ui.element, letter: str, action: str) -> ui.element:
    """Let a key click this element, or focus it if it is a field; `?` lists the keys of the page and their actions."""
    element.props["data-key"] = letter
    element.props["data-does"] = action
    return element


def _header(here: Here) -> None:
    with ui.element("header").classes("bar"):
        ui.link("PaperCoder", "/").classes("brand")
        with ui.element("nav"):
            for name, label, target, letter in (("runs", "Runs", "/", "r"), ("new", "New run", "/new", "n")):
                link = key(ui.link(label, target), letter, label)
                if name == here:
                    link.props["aria-current"] = "page"
        with ui.element("div").classes("tools"):
            _dark_mode()
            _small("?", "Keys", "showKeys()")


def _dark_mode() -> None:
    chosen = ui.context.client.request.cookies.get(_DARK)
    ui.dark_mode({"1": True, "0": False}.get(chosen or ""))
    key(_small("◐", "Toggle dark mode", "toggleDark()"), "d", "toggle dark mode")


def _small(sign: str, label: str, script: str) -> ui.element:
    button = ui.element("button").classes("sign").on("click", js_handler=f"() => {script}")
    button.props.update({"aria-label": label, "title": label, "type": "button"})
    with button:
        _text("span", sign)
    return button


def _text(tag: str, text: str) -> ui.element:
    """Any element with plain text."""
    element = ui.element(tag)
    with element:
        ui.label(text).classes("bare")
    return element
