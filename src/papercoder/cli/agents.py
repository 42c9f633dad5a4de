"""`papercoder mcp` and `papercoder skill`: PaperCoder inside coding agents."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from papercoder.cli.interruption import run_interruptible
from papercoder.cli.options import app, echo
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
