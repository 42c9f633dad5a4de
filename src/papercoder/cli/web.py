"""`papercoder web`: the web page."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from papercoder.cli.options import app, echo
from papercoder.errors import RunFolderError, SettingsError


@app.command()
def web(
    folder: Annotated[Path, typer.Argument(metavar="[RUN]", help="A run folder or a folder of runs.")] = Path("runs"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 picks a free one.", min=0, max=65535)] = 8765,
    token: Annotated[
        str | None,
        typer.Option(help="Secret that browsers must present.", envvar="PAPERCODER_WEB_TOKEN"),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Start the web page: start, watch, read and edit runs. Stop it with Ctrl-C."""
    try:
        from papercoder.web.server.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("papercoder"):
            raise
        raise SettingsError("The page needs the extra `web`: pip install 'papercoder[web]'.") from None

    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder} is not a folder. Give a run folder or a folder of runs.")
    run = folder.resolve() if (folder / "events.jsonl").is_file() else None
    serve(
        run.parent if run else folder,
        f"/run/{quote(run.name)}" if run else "/",
        host,
        port,
        token,
        echo,
        browser=browser,
    )
