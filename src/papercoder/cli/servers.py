"""`papercoder web`, `papercoder mcp` and `papercoder skill`: the web page, and PaperCoder inside coding agents."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import typer

from papercoder.cli.options import app, echo, run_interruptible
from papercoder.errors import RunFolderError, SettingsError


@app.command()
def mcp(
    runs: Annotated[Path, typer.Argument(metavar="[RUNS]", help="Folder of runs.")] = Path("runs"),
    allow: Annotated[
        list[Path] | None,
        typer.Option(
            "--allow", metavar="DIR", help="Folder with papers and repositories to read and execute. Repeatable."
        ),
    ] = None,
    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP on this machine instead of stdio.")] = False,
    port: Annotated[int, typer.Option(help="Port for --http; 0 picks a free one.", min=0, max=65535)] = 8766,
    token: Annotated[
        str | None, typer.Option(help="Secret that clients of --http must present.", envvar="PAPERCODER_MCP_TOKEN")
    ] = None,
    print_config: Annotated[
        Literal["claude", "codex", "cursor", "vscode"] | None,
        typer.Option("--print-config", help="Print what to paste into this coding agent's configuration, and exit."),
    ] = None,
) -> None:
    """Start the MCP server, with which coding agents read papers and runs, execute code and answer a run's requests."""
    from papercoder.mcp.workspace import client_config

    if print_config:
        folders = [option for folder in allow or () for option in ("--allow", str(folder.absolute()))]
        url = f"http://127.0.0.1:{port}/mcp" if http else None
        echo(client_config(print_config, ("mcp", str(runs.absolute()), *folders), url))
        return
    try:
        from papercoder.mcp.server import serve_http, serve_stdio
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("papercoder"):
            raise
        raise SettingsError("The MCP server needs the extra `mcp`: pip install 'papercoder[mcp]'.") from None

    from papercoder.mcp.workspace import Workspace

    workspace = Workspace(runs, allow or ())
    run_interruptible(serve_http(workspace, port, token, echo) if http else serve_stdio(workspace))


@app.command()
def skill(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of skills, such as .claude/skills.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a skill that differs.")] = False,
) -> None:
    """Write the skill folder `papercoder`, with which coding agents know how to use PaperCoder."""
    from importlib.resources import files

    from papercoder.runs.folder import write_synced

    name = "papercoder/SKILL.md"
    text = files("papercoder.mcp").joinpath("skill", name).read_text(encoding="utf-8")
    path = folder / name
    if path.is_file() and path.read_text(encoding="utf-8") != text and not force:
        raise RunFolderError(f"{path} exists and differs. Use --force to replace it, or choose another folder.")
    write_synced(path, text)
    echo(f"{path} is written.")


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
