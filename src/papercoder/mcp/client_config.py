"""What to paste into the configuration of a coding agent so that it uses the MCP server."""

import json
import shlex
import sys
from pathlib import Path
from typing import Literal

ClientName = Literal["claude", "codex", "cursor", "vscode"]

TOKEN = "PAPERCODER_MCP_TOKEN"  # noqa: S105  the name of a variable
_TIME_LIMIT = 3600
"""Seconds that a call may take: trials take long."""


def client_config(client: ClientName, arguments: tuple[str, ...], url: str | None = None) -> str:
    """Where to paste what, ready to print.

    Args:
        client: the coding agent.
        arguments: of `papercoder`, for a server that the agent starts itself.
        url: of a server that is already running; its token is then in the variable PAPERCODER_MCP_TOKEN.
    """
    return _TEXTS[client](url) if url else _STARTED[client]([_program(), *arguments])


def _program() -> str:
    """The command that starts PaperCoder, by its full path, since agents may have another PATH."""
    beside = Path(sys.executable).with_name("papercoder")
    return str(beside) if beside.exists() else "papercoder"


def _json(value: object) -> str:
    return json.dumps(value, indent=2)


def _claude(command: list[str]) -> str:
    server = {"type": "stdio", "command": command[0], "args": command[1:]}
    return (
        f"Run this in your project:\n\n  claude mcp add papercoder -- {shlex.join(command)}\n\n"
        f"or paste this into .mcp.json of your project:\n\n{_json({'mcpServers': {'papercoder': server}})}"
    )


def _codex(command: list[str]) -> str:
    return (
        "Paste this into ~/.codex/config.toml:\n\n[mcp_servers.papercoder]\n"
        f"command = {json.dumps(command[0])}\nargs = {json.dumps(command[1:])}\n"
        f"tool_timeout_sec = {_TIME_LIMIT}"
    )


def _cursor(command: list[str]) -> str:
    server = {"command": command[0], "args": command[1:]}
    return f"Paste this into .cursor/mcp.json of your project:\n\n{_json({'mcpServers': {'papercoder': server}})}"


def _vscode(command: list[str]) -> str:
    server = {"type": "stdio", "command": command[0], "args": command[1:]}
    return f"Paste this into .vscode/mcp.json of your project:\n\n{_json({'servers': {'papercoder': server}})}"


def _claude_http(url: str) -> str:
    server = {"type": "http", "url": url, "headers": {"Authorization": f"Bearer ${{{TOKEN}}}"}}
    return f"Paste this into .mcp.json of your project:\n\n{_json({'mcpServers': {'papercoder': server}})}"


def _codex_http(url: str) -> str:
    return (
        f'Paste this into ~/.codex/config.toml:\n\n[mcp_servers.papercoder]\nurl = "{url}"\n'
        f'bearer_token_env_var = "{TOKEN}"\ntool_timeout_sec = {_TIME_LIMIT}'
    )


def _cursor_http(url: str) -> str:
    server = {"url": url, "headers": {"Authorization": f"Bearer ${{env:{TOKEN}}}"}}
    return f"Paste this into .cursor/mcp.json of your project:\n\n{_json({'mcpServers': {'papercoder': server}})}"


def _vscode_http(url: str) -> str:
    asked = {"type": "promptString", "id": "papercoder-token", "description": "PaperCoder token", "password": True}
    server = {"type": "http", "url": url, "headers": {"Authorization": "Bearer ${input:papercoder-token}"}}
    config = {"inputs": [asked], "servers": {"papercoder": server}}
    return f"Paste this into .vscode/mcp.json of your project:\n\n{_json(config)}"


_STARTED = {"claude": _claude, "codex": _codex, "cursor": _cursor, "vscode": _vscode}
_TEXTS = {"claude": _claude_http, "codex": _codex_http, "cursor": _cursor_http, "vscode": _vscode_http}
