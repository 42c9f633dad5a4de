"""The application, and what its commands share: options, settings, the console."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from rich.console import Console

    from papercoder.settings import Settings

PARTIAL = 3
"""Exit code where something was made and kept, but not all that was asked for was seen."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"papercoder {version('papercoder')}")
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
    typer.Argument(metavar="PAPER", help="PDF, .tex, LaTeX folder, e-print, HTML, Markdown, S2ORC, TEI or arXiv id."),
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
RepositoryArgument = Annotated[Path, typer.Argument(metavar="REPO", help="The folder of a repository.")]
ModelOption = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="[ROLE=]PROVIDER:NAME", help="Model for all roles, or for one; may be repeated."),
]
BaseUrlOption = Annotated[str | None, typer.Option(help="Of an OpenAI-compatible endpoint.")]
MaxCostOption = Annotated[float | None, typer.Option(help="Dollars that the run may cost.")]
PriceOption = Annotated[float | None, typer.Option(help="Dollars for a million tokens.")]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        help="full; papercoder: as published; or the line up to one step: paper (nothing else), plan, architecture, "
        "logic, config, analysis, requirements, review, repair."
    ),
]
SandboxOption = Annotated[str | None, typer.Option(help="auto, bubblewrap, docker, plain (no isolation) or none.")]
ReproduceOption = Annotated[bool | None, typer.Option("--reproduce", help="Run the full reproduction too.")]
GpuOption = Annotated[bool | None, typer.Option("--gpu", help="Let the code use this machine's GPUs.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
PromptsOption = Annotated[Path | None, typer.Option(help="Folder whose prompts replace those of the same name.")]


def group(name: str, kind: type[TyperGroup], told: str) -> typer.Typer:
    """A command of the application that has commands of its own."""
    commands = typer.Typer(cls=kind, no_args_is_help=True, help=told)
    app.add_typer(commands, name=name)
    return commands


def settings_given(model: list[str] | None, **flags: Any) -> "Settings":
    """The settings of file and environment, and over them these flags.

    Raises:
        SettingsError: a value is wrong.
    """
    from papercoder.settings import Settings

    return Settings(**models_given(model), **flags)


def models_given(model: list[str] | None) -> dict[str, Any]:
    """What the `--model` flags say, as settings."""
    from papercoder.settings import parse_models

    general, by_role = parse_models(model or [])
    return {"model": general, "models": by_role or None}


def new_console() -> "Console":
    """A terminal, or lines of a steady width."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=140)


def stem(paper: str) -> str:
    """The name of a run folder for a paper."""
    name = paper.rstrip("/").rsplit("/", 1)[-1]
    return (
        "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in name.removesuffix(".pdf").lstrip("."))
        or "paper"
    )
