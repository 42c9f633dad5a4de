"""`papercoder cache`: what this machine keeps for later runs."""

import re
from typing import Annotated

import typer

from papercoder.cli.options import JsonOption, echo, group, new_console
from papercoder.errors import SettingsError

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
    from papercoder.cli.data import parse_size
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
