"""The frame of every page: name, ways to go, dark mode, keys; pages fill it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from nicegui import ui

from papercoder.errors import PaperCoderError

Here = Literal["runs", "new", ""]
"""Which way of the header the page belongs to."""

_DARK = "papercoder-dark"
"""The cookie of who wants it toggle dark mode whatever the machine is set to."""


@contextmanager
def page(title: str, here: Here = "", *, wide: bool = False) -> Iterator[None]:
    """Draw the frame; what is built inside the `with` stands in it. A PaperCoderError becomes a page that says so.

    Args:
        title: of the browser's tab; text, never HTML.
        here: the way of the header that leads here.
        wide: use all of the window, as two columns of code do.
    """
    ui.page_title(f"{title} · PaperCoder")
    _header(here)
    with ui.element("div").classes("page wide" if wide else "page"):
        try:
            yield
        except PaperCoderError as error:
            ui.context.client.status_code = 404
            trouble(str(error))


def trouble(message: str) -> None:
    """Say in place of a page what is wrong, and where to go from there."""
    with ui.element("section").classes("trouble").mark("trouble"):
        _text("h1", "Error")
        ui.label(message)
        ui.link("All runs", "/").classes("button")


def empty(message: str, label: str = "", target: str = "") -> None:
    """Say in place of what is not there yet how it comes about, with a link where there is one to follow."""
    with ui.element("div").classes("empty"):
        ui.label(message)
        if label:
            ui.link(label, target).classes("button")


def heading(text: str, level: Literal[1, 2, 3] = 1) -> ui.element:
    """A heading; its text is text."""
    return _text(f"h{level}", text)


def key(element: ui.element, letter: str, what: str) -> ui.element:
    """Let a key click this element (`/` puts the cursor into it); `?` lists the keys of the page with what they do."""
    element.props["data-key"] = letter
    element.props["data-does"] = what
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
    """Any element with a text, never HTML."""
    element = ui.element(tag)
    with element:
        ui.label(text).classes("bare")
    return element
