"""The Typer application and what its commands share: options, settings, the console, and a clean end at Ctrl-C."""

import os
import signal
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from papercoder.text.characters import visible

if TYPE_CHECKING:
    import asyncio

    from rich.console import Console

    from papercoder.settings import Settings

PARTIAL = 3
"""Exit code of a partial result: something was made and kept, but not everything asked for was observed."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        echo(f"papercoder {version('papercoder')}")
        raise typer.Exit


@app.callback()
def application(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Turns a machine-learning paper into a code repository that is traced to the paper's own words."""


PaperArgument = Annotated[
    str,
    typer.Argument(
        metavar="PAPER",
        help="PDF, .tex, LaTeX folder, e-print, HTML, Markdown, S2ORC, TEI, JATS, arXiv id, DOI, or an address of "
        "arXiv, OpenReview, alphaXiv, Semantic Scholar or Hugging Face papers.",
    ),
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")]
RepositoryArgument = Annotated[Path, typer.Argument(metavar="REPO", help="Repository folder.")]
ModelOption = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="[ROLE=]PROVIDER:NAME", help="Model for all roles or for one role. Repeatable."),
]
BaseUrlOption = Annotated[
    str | None, typer.Option(metavar="[PROVIDER=]URL", help="API address of a self-hosted provider, or of this one.")
]
ThinkingOption = Annotated[
    list[str] | None,
    typer.Option("--thinking", metavar="[ROLE=]LEVEL", help="off, low, medium or high. Repeatable."),
]
MaxCostOption = Annotated[float | None, typer.Option(help="Cost limit in dollars.")]
PriceOption = Annotated[float | None, typer.Option(help="Price in dollars per million tokens.")]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        help="`full`; `papercoder`: as published; or the pipeline up to one step: paper (nothing else), plan, "
        "architecture, logic, config, analysis, requirements, review, repair."
    ),
]
CodingOption = Annotated[
    str | None,
    typer.Option(
        help="`parallel`: all files at once from their interfaces, then one round of edits where they do not fit; "
        "`layered`: each file after those that it imports."
    ),
]
SandboxOption = Annotated[
    str | None, typer.Option(help="auto, bubblewrap, docker, subprocess (no isolation) or none (run nothing).")
]
ReproduceOption = Annotated[bool | None, typer.Option("--reproduce", help="Then run trials and compare the claims.")]
BudgetOption = Annotated[str | None, typer.Option(help="How long a reproduction may take: 45m, 2h, 1h30m.")]
GpuOption = Annotated[bool | None, typer.Option("--gpu", help="Give the code access to this machine's GPUs.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OutcomeOption = Annotated[
    bool, typer.Option("--json", help="Print the outcome as one JSON object; the progress goes to standard error.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no outcome, only errors.")]
PromptsOption = Annotated[
    Path | None, typer.Option(help="Folder with prompts that replace the built-in ones of the same name.")
]

ReferenceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--reference",
        metavar="FOLDER_OR_GIT_URL",
        help="Code of a cited or similar work, which planning and analysis may read. Repeatable.",
    ),
]
BlacklistOption = Annotated[
    list[str] | None,
    typer.Option(
        "--blacklist",
        metavar="ADDRESS_OR_NAME",
        help="What must not be a reference, such as the authors' own repository. Repeatable.",
    ),
]


def group(name: str, description: str, kind: type[TyperGroup] = TyperGroup, *, runs_alone: bool = False) -> typer.Typer:
    """Add a command group to the application; `runs_alone`: its callback is a command too."""
    commands = typer.Typer(
        cls=kind, no_args_is_help=not runs_alone, invoke_without_command=runs_alone, help=description
    )
    app.add_typer(commands, name=name)
    return commands


def settings_given(model: list[str] | None, thinking: list[str] | None = None, **flags: Any) -> "Settings":
    """Read settings from the file and the environment; the given flags win.

    Raises:
        SettingsError: a value is wrong.
    """
    from papercoder.settings import Settings

    return Settings(**models_given(model, thinking), **flags)


def models_given(model: list[str] | None, thinking: list[str] | None = None) -> dict[str, Any]:
    """The values of `--model` and `--thinking` as settings."""
    from papercoder.settings import parse_models, parse_thinking

    general, by_role = parse_models(model or [])
    level, levels = parse_thinking(thinking or [])
    return {"model": general, "models": by_role or None, "thinking": level, "role_thinking": levels or None}


def new_console(*, stderr: bool = False, quiet: bool = False) -> "Console":
    """A console; 140 columns wide unless it is a terminal."""
    from papercoder.console.output import PlainConsole

    console = PlainConsole(stderr=stderr, quiet=quiet)
    return console if console.is_terminal else PlainConsole(stderr=stderr, width=140, quiet=quiet)


def end_with_outcome(folder: Path, console: "Console", *, as_json: bool) -> None:
    """Show how a run ended.

    Raises:
        typer.Exit: it is not complete.
    """
    from papercoder.console.outcome import show_outcome
    from papercoder.runs.overview import report

    if as_json:
        found = report(folder)
        echo(found.model_dump_json(indent=1))
    else:
        found = show_outcome(folder, console)
    if found.status != "complete":
        raise typer.Exit(PARTIAL)


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print a text or JSON, with hidden characters made visible."""
    typer.echo(visible(text), err=err, nl=nl)


def stem(paper: str) -> str:
    """The name of a run folder for a paper."""
    name = paper.rstrip("/").rsplit("/", 1)[-1]
    return (
        "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in name.removesuffix(".pdf").lstrip("."))
        or "paper"
    )


T = TypeVar("T")

_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)

INTERRUPTED = {128 + number for number in _SIGNALS}
"""The exit codes after a signal, as in a shell."""


def run_interruptible(work: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`, but signals cancel the work, so that files, sandboxes and locks are left in order.

    The first signal still waits for calls that were sent to a model, because they are paid for. The second does not.
    The third ends the process at once, in case a thread is still busy.

    Raises:
        typer.Exit: a signal stopped the work. The exit code is in `INTERRUPTED`.
    """
    import asyncio

    received: list[int] = []

    async def interruptible() -> T:
        loop, stop = asyncio.get_running_loop(), _Stop(asyncio.current_task(), received)
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` sets it
                loop.add_signal_handler(number, stop, number)
        return await work

    try:
        return asyncio.run(interruptible())
    except asyncio.CancelledError:
        if received:
            raise typer.Exit(128 + received[0]) from None
        raise


class _Stop:
    """Stops a task when a signal arrives."""

    def __init__(self, task: "asyncio.Task[Any] | None", received: list[int]) -> None:
        self.task = task
        self.received = received
        self.terminals = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]

    def __call__(self, number: int) -> None:
        self.received.append(number)
        if len(self.received) > 2:
            os._exit(128 + number)
        if number == signal.SIGHUP:
            self._forget_terminals()
        if len(self.received) == 1:
            say("stopping after the calls in flight; press Ctrl-C again to stop now.")
        if self.task:
            self.task.cancel()

    def _forget_terminals(self) -> None:
        """A terminal that was closed raises an error at every write, which would get in the way of stopping."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in self.terminals:
            os.dup2(nowhere, descriptor)
        os.close(nowhere)


def say(text: str) -> None:
    """Print a message to standard error, if it is still open."""
    with suppress(OSError):
        echo(f"papercoder: {text}", err=True)
