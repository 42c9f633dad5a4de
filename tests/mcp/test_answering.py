"""A whole run through the server, answered by a scripted client."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mcp import Client
from papercoder.mcp.answering import ActiveRuns
from papercoder.mcp.server import Server
from papercoder.mcp.workspace import Workspace
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade
from papercoder.stages import checking
from tests.scripted import Answers, executing, project
from tests.support import MARKDOWN, of_kind


class Agent:
    """A coding agent with scripted answers that is connected in memory."""

    def __init__(self, client: Client, answers: Answers) -> None:
        self.client = client
        self.answers = answers
        self.log: list[str] = []
        self.texts: dict[str, str] = {}
        self.asked: dict[str, int] = {}

    async def call(self, tool: str, **arguments: Any) -> Any:
        """The structured result of a tool."""
        result = await self.client.call_tool(tool, arguments, progress_callback=self._progress)
        assert not result.is_error, result.content
        return SimpleNamespace(**result.structured_content)

    async def refused(self, tool: str, **arguments: Any) -> str:
        """The message of a call that must fail."""
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error
        return "".join(getattr(part, "text", "") for part in result.content)

    async def answer_all(self, run: str) -> str:
        """Answer until the run ends, as the instructions say; returns how it ended."""
        while True:
            found = await self.call("next_request", run=run)
            if found.state == "ended":
                return str(found.message)
            if found.state == "request":
                await self.answer(run, found)

    async def answer(self, run: str, found: Any) -> Any:
        """Read the rest of the request, and answer it."""
        assert found.parts[-1]["text"]
        for part in found.parts:
            await self._read(run, found.request, part)
        agent, _, subject = found.about.partition(" ")
        says = self.answers[agent]
        if isinstance(says, list):
            says = says[min(self.asked.get(agent, 0), len(says) - 1)]
        self.asked[agent] = self.asked.get(agent, 0) + 1
        text = "".join(self.texts[part["id"]] for part in found.parts)
        request: Any = SimpleNamespace(agent=agent, subject=subject, text=text)
        said: Any = says(request) if callable(says) else says
        text = said if isinstance(said, str) else said.model_dump_json()
        submitted = await self.call("submit_answer", run=run, request=found.request, answer=text)
        self.log.append(f"{found.about} round {found.round}: {submitted.verdict} {submitted.reasons}".strip())
        return submitted

    async def _read(self, run: str, request: str, part: dict[str, Any]) -> None:
        known, offset = self.texts.get(part["id"], ""), part["next_offset"]
        text = part["text"] or known
        while offset is not None:
            more = await self.call("read_part", run=run, request=request, part=part["id"], offset=offset)
            text, offset = text + more.text, more.next_offset
        assert len(text) == part["characters"], "a part was left out that the agent has not read"
        self.texts[part["id"]] = text

    async def _progress(self, progress: float, total: float | None, message: str | None) -> None:
        self.log.append(f"progress: {message}")


async def play(root: Path, answers: Answers, session: Any) -> Agent:
    """Connect an agent to a server for a runs folder, and let it work."""
    workspace = Workspace(root)
    active = ActiveRuns(workspace.runs)
    try:
        async with Client(Server(workspace, active)) as client:
            agent = Agent(client, answers)
            await session(agent)
            return agent
    finally:
        await active.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A runs folder with a paper in it."""
    (tmp_path / "tiny.md").write_text(MARKDOWN, encoding="utf-8")
    return tmp_path


@pytest.fixture
def _starts_no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ruff, mypy, Mermaid and the page take seconds each, and other tests have them."""
    monkeypatch.setattr(
        checking, "CHECKS", tuple(each for each in checking.CHECKS if each[0] not in {"names", "calls"})
    )
    monkeypatch.setattr("papercoder.stages.planning.design.submit", lambda _: None)
    monkeypatch.setattr("papercoder.stages.planning.design.syntax_problem", lambda *_: "")
    monkeypatch.setattr("papercoder.operations.generate.write_report", lambda _: None)


@pytest.mark.usefixtures("_starts_no_programs")
def test_an_agent_answers_a_whole_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executing(monkeypatch, lambda _: None)
    plan = project()["overall_plan"]

    async def session(agent: Agent) -> None:
        started = await agent.call("start_run", paper="tiny.md")
        assert (started.run, started.state) == ("tiny", "active")
        assert started.open >= 1
        ended = await agent.answer_all("tiny")
        assert ended == "The run is complete. Read its report: run_status, requirements, claims."
        status = await agent.call("run_status", run="tiny")
        assert status.status == "complete"
        assert set(status.models.values()) == {"agent:mcp"}
        found = await agent.call("requirements", run="tiny")
        assert [item["verdict"] for item in found.result] == ["implemented", "implemented"]
        report = await agent.client.read_resource("papercoder://runs/tiny/report")
        assert "A Tiny Method for Tests" in report.contents[0].text  # type: ignore[union-attr]

    agent = asyncio.run(play(root, project(overall_plan=["{}", plan], verify="{}"), session))  # type: ignore[list-item]
    rejected = [line for line in agent.log if "rejected" in line and line.startswith("overall_plan")]
    assert len(rejected) == 1
    assert "summary: Field required" in rejected[0]
    assert any(line.startswith("overall_plan round 1: accepted") for line in agent.log)
    assert any(line.startswith("progress: ") for line in agent.log)
    assert (root / "tiny" / "repo" / "tinyfit" / "model.py").is_file()


def test_a_stopped_run_resumes_without_asking_again(root: Path) -> None:
    async def session(agent: Agent) -> None:
        await agent.call("start_run", paper="tiny.md", run="mine", profile="plan")
        first = await agent.call("next_request", run="mine")
        assert (await agent.answer("mine", first)).verdict == "accepted"
        stopped = await agent.call("stop_run", run="mine")
        assert (stopped.state, stopped.message) == (
            "ended",
            "The run ended: it was stopped; finished work is kept, resume_run continues it",
        )
        assert "no open request" in await agent.refused("submit_answer", run="mine", request="x", answer="y")
        await agent.call("resume_run", run="mine")
        second = await agent.call("next_request", run="mine")
        assert second.about != first.about

    asyncio.run(play(root, project(), session))
    events = list(read_events(root / "mine"))
    assert len(of_kind(events, CallMade)) == 1


def test_a_long_request_is_read_in_pages_and_a_long_answer_is_sent_in_parts(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("papercoder.mcp.answering._PAGE", 700)
    plan: Any = project()["overall_plan"]
    text = plan.model_dump_json()

    async def session(agent: Agent) -> None:
        await agent.call("start_run", paper="tiny.md", run="mine", profile="plan")
        found = await agent.call("next_request", run="mine")
        assert found.parts[0]["next_offset"] == 0
        begun = await agent.call("submit_answer", run="mine", request=found.request, answer=text[:30], complete=False)
        assert begun.verdict == "incomplete"
        rest = await agent.call("next_request", run="mine")
        assert rest.parts[-2]["role"] == "assistant"
        done = await agent.call("submit_answer", run="mine", request=rest.request, answer=text[30:])
        assert done.verdict == "accepted"

    asyncio.run(play(root, project(), session))


def test_a_run_of_another_model_is_not_made_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from papercoder.operations.generate import generate
    from papercoder.settings import Settings
    from tests.support import SIMULATED

    settings = Settings(model=SIMULATED, sandbox="none", profile="paper")
    asyncio.run(generate(root / "tiny.md", root / "other", settings))

    async def session(agent: Agent) -> None:
        assert "is answered by simulated:" in await agent.refused("resume_run", run="other")
        assert "No run 'other' is active here" in await agent.refused("next_request", run="other")

    asyncio.run(play(root, project(), session))
