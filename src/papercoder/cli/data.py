"""`papercoder data` and `papercoder cache`: data sets and weights of a run, and what this machine keeps."""

import re
import sys
from typing import Annotated

import typer

from papercoder.cli.options import (
    PARTIAL,
    JsonOption,
    OutcomeOption,
    QuietOption,
    RunArgument,
    app,
    echo,
    group,
    new_console,
)
from papercoder.errors import SettingsError


@app.command()
def data(
    run: RunArgument,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="With --fetch: only these.")] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Download what is missing. Run it again to resume.")] = False,
    given: Annotated[
        list[str] | None, typer.Option("--data", metavar="NAME=PATH", help="Use data that you have. Repeatable.")
    ] = None,
    max_download: Annotated[
        str, typer.Option(metavar="SIZE", help="Ask before downloads above this size, such as 500MB.")
    ] = "2GB",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds without data before a retry.", min=1)] = 60.0,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show the data and pretrained weights that a run needs, and fetch or give what is missing."""
    from rich.filesize import decimal

    from papercoder.console.resources import show_data, show_progress
    from papercoder.datasets.downloads import Downloads, web_client
    from papercoder.datasets.run_data import data_status
    from papercoder.operations.data import Fetch, give_data

    def confirm(size: int) -> bool:
        return yes or (sys.stdin.isatty() and typer.confirm(f"Download {decimal(size)}?", err=True))

    if names and not fetch:
        raise SettingsError(f"{names[0]}: names are used with --fetch only.")
    give_data(run, given or ())
    problems: list[str] = []
    if fetch:
        largest = parse_size("--max-download", max_download)
        with web_client(timeout) as client, show_progress(new_console(stderr=True, quiet=quiet)) as on_progress:
            work = Fetch(run, client, Downloads(client, on_progress, largest=largest), confirm, largest)
            work.run(names or ())
        problems = work.problems
    status = data_status(run)
    status = status.model_copy(update={"problems": (*status.problems, *problems)})
    if as_json:
        echo(status.model_dump_json(indent=1))
    else:
        show_data(status, new_console(quiet=quiet))
    if problems:
        raise typer.Exit(PARTIAL)


def parse_size(option: str, text: str) -> int:
    """The bytes that an option's text means.

    Raises:
        SettingsError: it is not a size.
    """
    from pydantic import ByteSize, TypeAdapter, ValidationError

    try:
        return int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError:
        raise SettingsError(f"{option} {text}: write a size such as 500MB or 2GB.") from None


_SECONDS = {"h": 3_600, "d": 86_400, "w": 7 * 86_400}

caches = group("cache", "List and prune the cache: environments, data, papers and diagrams.", runs_alone=True)


@caches.callback()
def show(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show what the cache holds."""
    from papercoder.console.resources import show_cache
    from papercoder.operations.data import cache_entries
    from papercoder.settings import cache_folder

    if context.invoked_subcommand:
        return
    entries = cache_entries(cache_folder())
    if as_json:
        from pydantic import TypeAdapter

        echo(TypeAdapter(list).dump_json(entries, indent=1).decode())
    else:
        show_cache(cache_folder(), entries, new_console())


@caches.command()
def prune(
    older_than: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Remove what was not used for this long: 12h, 30d, 8w. Default: 30d."),
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Remove the least recently used until the rest is smaller: 500MB, 5GB."),
    ] = None,
) -> None:
    """Remove what was not used for long. Runs make or download it again when they need it."""
    from papercoder.console.resources import show_pruned
    from papercoder.operations import data
    from papercoder.settings import cache_folder

    age = _seconds(older_than or "30d") if older_than or not max_size else None
    size = parse_size("--max-size", max_size) if max_size else None
    removed = data.prune(cache_folder(), age, size)
    show_pruned(removed, data.cache_entries(cache_folder()), new_console())


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)([hdw])", text.strip())
    if not found:
        raise SettingsError(f"--older-than {text}: write an age such as 12h, 30d or 8w.")
    return int(found[1]) * _SECONDS[found[2]]
