"""The frame of every page, its buttons and fields, errors, and messages of commands as the page shows them."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from inspect import iscoroutinefunction
from typing import Literal, Self

from fastapi import Request, Response
from nicegui import Client, app, ui
from starlette.responses import PlainTextResponse

from papercoder.errors import PaperCoderError
from papercoder.text.characters import printable

_SENTENCES = (
    (
        r"(Run the same command with|Give) a higher --max-cost( to resume| if it needs more)\.",
        "Raise the cost limit, then press Resume.",
    ),
    (
        r"Run again with another model \(--model (\w+)=\S+\) or more tries \(--answer-retries\); finished steps are "
        r"reused\.",
        r"Choose another model for \1, then press Resume; finished work is kept.",
    ),
    (r"(Choose a model with a larger window|Try another model): --model (?:\w+=)?PROVIDER:NAME\.", r"\1."),
    (
        r"Give --price-prompt and --price-completion in dollars per million tokens, or leave --max-cost out\.",
        "Leave the cost limit empty, or choose a model whose price is known.",
    ),
    (r", or choose another provider with --model\.", ", or choose a model of another provider."),
    (r"Give a higher limit, or a lower --max-tokens\.", "Raise the cost limit."),
    (
        r"(Start a run: |Make it first: |Run )`?papercoder run PAPER[^`\n]*?`?( to make it)?(\.|$)",
        "Press Resume to make it.",
    ),
    (
        r"Start the run again in another folder \(-o\), or use the version that made it\.",
        "Start it as a new run, or open it with the version that made it.",
    ),
    (r", or choose another folder with -o\.", ", or choose another name."),
    (r"Choose another folder with -o, or replace that run with --force\.", "Choose another name."),
    (r"Use --sandbox auto to select one that works\.", "Choose the sandbox “auto”."),
    (r"; on a machine without valuable data, `--sandbox subprocess` runs the code without isolation\.", "."),
    (r"write NAME=PATH with one of the names (.*)\.", r"the data are \1."),
    (r" \(--idle-timeout\)", ""),
    (r"(\(RAY_TMPDIR sets another\), )?or run without --on ray", "or choose this machine for the trials"),
    (
        r"Check `ray status`, or leave out --ray-address to .*?\.",
        "Check the cluster, or choose this machine for the trials.",
    ),
    (r"or run without --gpu", "or run without the GPU"),
    (r"Make it with this version of PaperCoder: papercoder run PAPER\.", "Start the paper as a new run."),
    (r", or use a flag or a PAPERCODER_ variable\.", "."),
)
"""Pattern of a sentence for the terminal -> what to do on the page."""

_FLAG = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?:[ =][A-Z]+\b)?")
_FIRST = re.compile(r"^(?:--data )?(?:--)([a-z]+(?:-[a-z]+)*)(?=[: ])")
_PATH = re.compile(r"(?<![\w./:~-])/(?:[\w.@+~-]+/)+([\w.@+~-]+)/?")


def for_page(message: str) -> str:
    """A message as the page shows it."""
    for pattern, sentence in _SENTENCES:
        message = re.sub(pattern, sentence, message)
    message = _FIRST.sub(lambda found: found[1].replace("-", " ").capitalize(), message)
    message = _FLAG.sub(lambda found: f"the {_NAMES.get(found[1], found[1].replace('-', ' '))}", message)
    return _PATH.sub(r"\1", message).strip()


_NAMES = {"max-cost": "cost limit", "max-tokens": "limit of tokens", "model": "model", "workers": "number of workers"}
"""Flag -> the label of its field, where it is another one."""


Kind = Literal["", "main", "danger"]


class Label(ui.label):
    """A text, which may come from a paper, a model or a file, without hidden characters. The page has no other way."""

    def _text_to_model_text(self, text: str) -> None:
        super()._text_to_model_text(printable(text))


class Link(ui.link):
    """A link with such a text."""

    def _text_to_model_text(self, text: str) -> None:
        super()._text_to_model_text(printable(text))


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
            if not element.is_deleted:
                element.props.pop("disabled", None)

    element = ui.element("button").classes(f"button {kind}".strip())
    element.on("click", click if iscoroutinefunction(on_click) else on_click)
    element.props["type"] = "button"
    with element:
        Label(label).classes("bare")
    return element


def field(label: str, value: str = "", suggestions: list[str] | None = None) -> ui.input:
    """A text field with suggestions."""
    return ui.input(label, value=value, autocomplete=suggestions).props("outlined dense").classes("field")


def number(label: str, value: float | None, *, step: float = 0.5) -> ui.number:
    """A number field: at least 0, or empty."""
    return ui.number(label, value=value, min=0, step=step).props("outlined dense clearable").classes("field")


def select(label: str, options: Mapping[str, str], value: str) -> ui.select:
    """A menu of values with their labels."""
    return ui.select(dict(options), label=label, value=value).props("outlined dense options-dense").classes("field")


class Alert(Label):
    """A place for an error; it is shown, and read by screen readers, once it has a text."""

    def __init__(self) -> None:
        super().__init__()
        self.classes("wrong")
        self.props["role"] = "alert"

    def set_text(self, text: str) -> Self:
        """Show a message, in the words of the page."""
        return super().set_text(for_page(text))


def alert() -> Alert:
    """A place for an error."""
    return Alert()


def do(action: Callable[[], Awaitable[object]], wrong: Alert) -> Callable[[], Awaitable[None]]:
    """An action for a button that shows its errors."""

    async def act() -> None:
        wrong.set_text("")
        try:
            await action()
        except PaperCoderError as error:
            wrong.set_text(str(error))

    return act


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
    ui.page_title(printable(f"{title} · PaperCoder"))
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
        Label(for_page(message))
        Link("All runs", "/").classes("button")


def empty(message: str, label: str = "", target: str = "") -> None:
    """Explain what to do in place of content that does not exist yet, optionally with a link."""
    with ui.element("div").classes("empty"):
        Label(message)
        if label:
            Link(label, target).classes("button")


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
        Link("PaperCoder", "/").classes("brand")
        with ui.element("nav"):
            for name, label, target, letter in (("runs", "Runs", "/", "r"), ("new", "New run", "/new", "n")):
                link = key(Link(label, target), letter, label)
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
        Label(text).classes("bare")
    return element


def register_errors() -> None:
    """Register the pages for unknown addresses and for unexpected errors."""
    app.add_exception_handler(404, _missing)
    app.on_page_exception(_failed)


async def _missing(request: Request, _: Exception) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse("Page not found.", 404)
    with Client(ui.page(""), request=request) as client, page("Not found"):
        heading("Not found")
        empty("There is no page at this address. Start from the list of runs.", "All runs", "/")
    return client.build_response(request, 404)


def _failed(error: Exception) -> None:
    with page("Error"):
        error_page(
            f"Unexpected error: {type(error).__name__}: {error}. Nothing was lost. "
            "See the terminal of `papercoder web` for details."
        )
