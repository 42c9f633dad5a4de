"""The whole stack over the wire, against a loopback server with faults, where that server lies beside the checkout."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from papercoder.models.resolve import resolve
from papercoder.models.stack import assemble
from papercoder.runs.folder import FileStore
from papercoder.settings import Settings
from tests.models.fakes import Events, ask

SERVER = Path(__file__).parents[3] / "shared" / "tools" / "fake_llm.py"
FAULTS = ("--speed=200", "--retry-after=0.05", "--rate-limit-every=4", "--cut-every=5", "--drop-every=11")

pytestmark = [
    pytest.mark.usefixtures("bare"),
    pytest.mark.skipif(not SERVER.exists(), reason="needs a test server that is not part of this repository"),
]


@pytest.fixture
def url() -> Iterator[str]:
    command = [sys.executable, "-B", str(SERVER), *FAULTS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().split()[2]
        server.terminate()


def test_every_answer_arrives_whole_once_and_is_paid_once(url: str, tmp_path: Path) -> None:
    settings, events = Settings(base_url=f"openai={url}", max_cost=1.0, concurrency=8), Events()
    requests = [
        ask(subject=f"f{number}.py", text=f"Write the code f{number}.py", max_tokens=9000) for number in range(12)
    ]

    async def gather() -> list[str]:
        model = assemble(resolve("openai:gpt-6-luna", settings), settings, FileStore(tmp_path), events)
        return [answer.text for answer in await asyncio.gather(*(model.answer(request) for request in requests))]

    first = asyncio.run(gather())
    with urllib.request.urlopen(url.replace("/v1", "/stats"), timeout=10) as response:
        stats = json.load(response)
    made = [event for event in events.all if event.kind == "call_made"]
    assert all(first)
    assert sum(event.completion for event in made) == stats["completion_tokens"]
    assert sum(event.cut for event in made) > 0
    assert events.kinds.count("call_retried") > 0
    assert stats["max_concurrency"] <= 8
    assert asyncio.run(gather()) == first
    with urllib.request.urlopen(url.replace("/v1", "/stats"), timeout=10) as response:
        assert json.load(response)["requests"] == stats["requests"]
