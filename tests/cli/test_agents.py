"""`papercoder mcp --print-config`, and the skill."""

import json
import tomllib
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from papercoder.cli import app


def shown(*arguments: str) -> str:
    """What a command prints."""
    ended = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert ended.exit_code == 0
    return ended.output


@pytest.mark.parametrize("client", ["claude", "cursor", "vscode"])
def test_the_configuration_names_the_command_with_full_paths(client: str, tmp_path: Path) -> None:
    text = shown("mcp", "runs", "--allow", str(tmp_path), "--print-config", client)
    servers = json.loads(text[text.index("{") :])
    (server,) = next(iter(servers.values())).values()
    assert Path(server["command"]).name == "papercoder"
    assert server["args"] == ["mcp", str(Path("runs").absolute()), "--allow", str(tmp_path)]


def test_codex_has_toml_and_time_for_trials() -> None:
    text = shown("mcp", "--print-config", "codex")
    server = tomllib.loads(text[text.index("[") :])["mcp_servers"]["papercoder"]
    assert server["args"][0] == "mcp"
    assert server["tool_timeout_sec"] == 3600


@pytest.mark.parametrize("client", ["claude", "codex", "cursor", "vscode"])
def test_no_token_is_printed(client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERCODER_MCP_TOKEN", "a-token-that-is-secret")
    text = shown("mcp", "--http", "--port", "9000", "--print-config", client)
    assert "http://127.0.0.1:9000/mcp" in text
    assert "a-token-that-is-secret" not in text


def test_the_skill_is_written_and_an_edited_one_is_kept(tmp_path: Path) -> None:
    assert "SKILL.md is written." in shown("skill", str(tmp_path))
    path = tmp_path / "papercoder" / "SKILL.md"
    text = path.read_text(encoding="utf-8")
    about = yaml.safe_load(text.split("---")[1])
    assert about["name"] == "papercoder"
    assert len(about["description"]) < 1024
    shown("skill", str(tmp_path))
    path.write_text("mine", encoding="utf-8")
    ended = CliRunner().invoke(app, ["skill", str(tmp_path)])
    assert "--force" in str(ended.exception)
    shown("skill", str(tmp_path), "--force")
    assert path.read_text(encoding="utf-8") == text
