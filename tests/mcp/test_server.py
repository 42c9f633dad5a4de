"""What the server offers to a client, what it refuses, and its two transports."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from mcp import Client, StdioServerParameters
from papercoder.artifacts import ExecutionReport
from papercoder.errors import RunFolderError, SettingsError
from papercoder.mcp import running
from papercoder.mcp.answering import ActiveRuns
from papercoder.mcp.server import Server, serve_http
from papercoder.mcp.workspace import Workspace
from papercoder.runs.event_log import read_events
from papercoder.runs.events import RunEnded
from tests.reproduction.packages import own_packages
from tests.reproduction.runs import write_run
from tests.support import MARKDOWN, of_kind

GOOD = Path(__file__).parents[1] / "data" / "good_repository"
TOOLS = {
    "author_questions",
    "check_repository",
    "claims",
    "compare_claims",
    "execute_repository",
    "list_runs",
    "list_trials",
    "next_request",
    "read_paper",
    "read_part",
    "reproduce",
    "requirements",
    "resume_run",
    "run_cost",
    "run_status",
    "run_trial",
    "start_run",
    "stop_run",
    "submit_answer",
}


@pytest.fixture(autouse=True, scope="module")
def _own_packages() -> Iterator[None]:
    with own_packages():
        yield


@asynccontextmanager
async def connected(root: Path, *allowed: Path) -> AsyncIterator[Client]:
    """A client of a server for a runs folder, in memory."""
    workspace = Workspace(root, allowed)
    async with Client(Server(workspace, ActiveRuns(workspace.runs))) as client:
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    """The structured result of a tool."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    content = result.structured_content or {}
    return content["result"] if set(content) == {"result"} else content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """The message of a call that must fail."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return "".join(getattr(part, "text", "") for part in result.content)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A runs folder with a paper and a run."""
    folder = tmp_path / "runs"
    write_run(folder / "tiny")
    (folder / "paper.md").write_text(MARKDOWN, encoding="utf-8")
    return folder


def test_a_client_lists_and_reads(root: Path) -> None:
    async def session() -> None:
        async with connected(root, GOOD.parent) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == TOOLS
            assert all(tool.description for tool in tools.values())
            assert tools["read_paper"].annotations
            assert tools["read_paper"].annotations.read_only_hint
            assert "submit_answer" in (client.instructions or "")
            outline = await call(client, "read_paper", paper="paper.md")
            assert "- [2] Method" in outline
            assert "eq:1" in outline
            assert await call(client, "read_paper", paper="paper.md", anchor="eq:1") == (
                "## [2] Method\n\n[eq:1] $$ \\hat{y} = w x $$ (1)"
            )
            assert "no anchor 'tab:9'" in await refused(client, "read_paper", paper="paper.md", anchor="tab:9")
            assert (await call(client, "list_runs"))[0]["run"] == "tiny"
            assert (await call(client, "run_status", run="tiny"))["status"] == "complete"
            assert (await call(client, "run_cost", run="tiny"))["cost_usd"] == 0.0
            claims = await call(client, "claims", run="tiny", verdict="not_run")
            assert claims[0]["statement"] == "ours on digits: mean accuracy 95.0 (main)"
            checked = await call(client, "check_repository", repository="good_repository")
            assert not [found for found in checked["findings"] if found["severity"] == "error"]
            resources = await client.list_resources()
            assert str(resources.resources[0].uri) == "papercoder://runs/tiny/report"
            report = await client.read_resource("papercoder://runs/tiny/report")
            assert "Tiny" in getattr(report.contents[0], "text", "")
            with pytest.raises(MCPError, match="has not come that far yet"):
                await client.read_resource("papercoder://runs/tiny/traceability")

    asyncio.run(session())


def test_nothing_outside_is_reached(root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    write_run(secret)
    (secret / "notes.md").write_text(MARKDOWN, encoding="utf-8")
    (root / "link").symlink_to(secret)
    (root / "paper-link.md").symlink_to(secret / "notes.md")
    write_run(root / "foreign")
    (root / "foreign" / "paper.md").symlink_to(secret / "notes.md")
    names = ["../secret", str(secret), "link", "..", "tiny/../../secret", "\0"]

    async def session() -> None:
        async with connected(root) as client:
            for name in names:
                for tool in ("run_status", "claims", "list_trials", "resume_run"):
                    assert "run" in await refused(client, tool, run=name)
                for tool in ("check_repository", "execute_repository"):
                    assert "not a run, and not a file or folder in" in await refused(client, tool, repository=name)
            for paper in ("../secret/notes.md", str(secret / "notes.md"), "paper-link.md", "https://a.example/p.pdf"):
                assert "not a run, and not a file or folder in" in await refused(client, "read_paper", paper=paper)
                assert "not a run, and not a file or folder in" in await refused(client, "start_run", paper=paper)
            assert "is a link" in await refused(client, "run_status", run="foreign")
            for uri in ("papercoder://runs/foreign/paper", "papercoder://runs/..%2Fsecret/report"):
                with pytest.raises(MCPError):
                    await client.read_resource(uri)

    asyncio.run(session())
    assert {path.name for path in secret.iterdir()} == {"events.jsonl", "notes.md", "paper.json", "planning", "repo"}


def test_a_folder_to_allow_must_exist(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"--allow .*nowhere: there is no such folder"):
        Workspace(tmp_path, [tmp_path / "nowhere"])


def test_a_trial_runs_with_progress_and_its_claims_are_compared(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERCODER_SANDBOX", "subprocess")
    heard: list[str | None] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(message)

    async def session() -> None:
        async with connected(root) as client:
            trials = await call(client, "list_trials", run="tiny")
            chosen = next(trial for trial in trials if trial["method"] == "ours" and trial["dataset"] == "wine")
            arguments = {"run": "tiny", "trial": chosen["id"]}
            ended = await client.call_tool("run_trial", arguments, progress_callback=hear)
            assert ended.structured_content
            assert ended.structured_content["result"]["measured"] == {"accuracy": 90.0}
            assert [(claim["id"], claim["verdict"]) for claim in ended.structured_content["claims"]] == [("C3", "met")]
            compared = await call(client, "compare_claims", run="tiny")
            assert {claim["id"]: claim["verdict"] for claim in compared}["C3"] == "met"
            assert "has no trial 'nothing'" in await refused(client, "run_trial", run="tiny", trial="nothing")

    asyncio.run(session())
    assert any(message and message.startswith("trial main-ours-wine") for message in heard)


def test_long_work_reports_progress_and_ends_in_order_when_it_is_cancelled(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []

    async def execute(_: Path, __: str, on_step: Any) -> ExecutionReport:
        on_step(running.StepView(step="install", status="passed", seconds=1, reason="", output=""))
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # as a sandbox that waits for its processes
            ended.append("cleaned up")
        raise AssertionError

    monkeypatch.setattr(running, "execute_repository", execute)

    async def session() -> None:
        async with connected(root) as client:
            with anyio.CancelScope() as scope:

                async def cancel(progress: float, total: float | None, message: str | None) -> None:
                    assert (total, message) == (6, "step install: passed")
                    scope.cancel()

                await client.call_tool("execute_repository", {"repository": "tiny"}, progress_callback=cancel)
            assert scope.cancelled_caught
            assert await call(client, "list_runs")

    asyncio.run(session())
    assert ended == ["cleaned up"]


def test_over_http_a_token_is_needed(root: Path) -> None:
    async def session() -> None:
        shown: asyncio.Queue[str] = asyncio.Queue()
        token = "a-token-for-this-test"
        serving = asyncio.create_task(serve_http(Workspace(root), 0, token, shown.put_nowait))
        url = next(word for word in (await shown.get()).split() if word.startswith("http://127.0.0.1:"))
        async with httpx2.AsyncClient() as plain:
            assert (await plain.post(url, json={})).status_code == 401
            headers = {"Authorization": "Bearer a-token-for-another"}
            assert (await plain.post(url, json={}, headers=headers)).status_code == 401
            headers = {"Authorization": f"Bearer {token}", "Host": "rebound.example"}
            assert (await plain.post(url, json={}, headers=headers)).status_code == 421
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as authorised,
            Client(streamable_http_client(url, http_client=authorised)) as client,
        ):
            assert (await call(client, "list_runs"))[0]["run"] == "tiny"
        serving.cancel()
        await asyncio.wait([serving])

    asyncio.run(session())
    with pytest.raises(SettingsError, match="at least 16 characters"):
        asyncio.run(serve_http(Workspace(root), 0, "short", print))


def test_over_stdio_the_command_serves_until_the_client_leaves(root: Path) -> None:
    code = "from papercoder.cli import main; main()"
    keep = {
        name: os.environ[name] for name in ("PYTHONPATH", "XDG_STATE_HOME", "XDG_CONFIG_HOME") if name in os.environ
    }
    server = StdioServerParameters(
        command=sys.executable, args=["-c", code, "mcp", str(root)], env=keep, cwd=root.parent
    )

    async def session() -> None:
        async with Client(server) as client:
            assert client.server_info
            assert client.server_info.name == "papercoder"
            started = await call(client, "start_run", paper="paper.md", profile="plan")
            assert (started["run"], started["open"]) == ("paper", 1)

    asyncio.run(session())
    assert [end.status for end in of_kind(read_events(root / "paper"), RunEnded)] == ["partial"]


def test_ctrl_c_ends_the_command(root: Path) -> None:
    code = "from papercoder.cli import main; main()"
    about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about})
    command = [sys.executable, "-c", code, "mcp", str(root)]
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(message + "\n")
        process.stdin.flush()
        assert process.stdout.readline()  # it serves
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert "Traceback" not in process.stderr.read()
