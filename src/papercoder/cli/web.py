"""`papercoder web`: the page."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from papercoder.cli.options import app
from papercoder.errors import RunFolderError, SettingsError


@app.command()
def web(
    folder: Annotated[Path, typer.Argument(metavar="[RUN]", help="A run folder, or the folder of runs.")] = Path(
        "runs"
    ),
    host: Annotated[str, typer.Option(help="Listen here; other than loopback only with a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: a free one.", min=0, max=65535)] = 8765,
    token: Annotated[
        str | None, typer.Option(help="What who opens the page must know.", envvar="PAPERCODER_WEB_TOKEN")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in the browser.")] = True,
) -> None:
    """Open the page: start runs, watch them, read and change what they made. Ctrl-C closes it."""
    try:
        from papercoder.web.server.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("papercoder"):
            raise
        raise SettingsError("The page needs the extra `web`: pip install 'papercoder[web]'.") from None

    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder} is no folder; give a run folder, or the folder of runs.")
    run = folder.resolve() if (folder / "events.jsonl").is_file() else None
    serve(
        run.parent if run else folder,
        f"/run/{quote(run.name)}" if run else "/",
        host,
        port,
        token,
        typer.echo,
        browser=browser,
    )
