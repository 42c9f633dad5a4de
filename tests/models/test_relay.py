import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from papercoder.errors import ModelError
from papercoder.models import relay as relay_module
from papercoder.models.contract import Answer, Request
from papercoder.models.relay import Relay
from tests.models.fakes import IMAGE, PNG, ask


def relay(folder: Path) -> Relay:
    return Relay(folder, context_window=1000, poll=0.01, settled=0.05)


async def asked(folder: Path, count: int = 1) -> list[Path]:
    for _ in range(1000):
        if len(found := requests_in(folder)) >= count:
            break
        await asyncio.sleep(0.01)
    return found


def requests_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.request.md"))


def answer_to(request: Path) -> Path:
    return request.with_name(request.name.replace(".request.md", ".answer.md"))


def test_a_request_becomes_a_file_and_its_answer_is_read(tmp_path: Path) -> None:
    async def exchange() -> Answer:
        waiting = asyncio.create_task(relay(tmp_path / "box").answer(ask(subject="src/Net.py", text="Write the net.")))
        request = (await asked(tmp_path / "box"))[0]
        text = request.read_text(encoding="utf-8")
        assert request.name.startswith("coding-src+~4eet.py-0-")
        assert "You write code." in text
        assert "Write the net." in text
        assert answer_to(request).name in text
        answer_to(request).write_text("class Net: ...\n", encoding="utf-8")
        return await waiting

    answer = asyncio.run(exchange())
    assert answer.text == "class Net: ...\n"
    assert answer.usage.cost_usd == 0.0
    index = (tmp_path / "box" / "index.md").read_text(encoding="utf-8")
    assert "Open requests: 0" in index
    assert "Answered: 1" in index


def test_an_answer_that_is_still_being_written_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(relay_module, "time", SimpleNamespace(monotonic=lambda: now))

    async def exchange() -> str:
        nonlocal now
        waiting = asyncio.create_task(relay(tmp_path).answer(ask()))
        path = answer_to((await asked(tmp_path))[0])
        path.touch()
        for end in range(1, 6):
            now += 0.04
            path.write_text("12345"[:end], encoding="utf-8")
            await asyncio.sleep(0.02)
        now += 0.06
        return (await waiting).text

    assert asyncio.run(exchange()) == "12345"


def test_a_question_stays_open_over_a_restart(tmp_path: Path) -> None:
    async def leave(request: Request) -> None:
        waiting = asyncio.create_task(relay(tmp_path).answer(request))
        await asked(tmp_path)
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(leave(ask()))
    question = next(tmp_path.glob("*.request.md"))
    before = question.stat().st_mtime_ns
    answer_to(question).write_text("while you were away", encoding="utf-8")
    assert asyncio.run(relay(tmp_path).answer(ask())).text == "while you were away"
    assert question.stat().st_mtime_ns == before


def test_different_questions_have_different_files(tmp_path: Path) -> None:
    async def exchange() -> list[str]:
        model = relay(tmp_path)
        waiting = [asyncio.create_task(model.answer(ask(text=text))) for text in ("one", "two", "two")]
        for request in await asked(tmp_path, 2):
            word = "one" if "\n\none\n" in request.read_text(encoding="utf-8") else "two"
            answer_to(request).write_text(word, encoding="utf-8")
        return [(await task).text for task in waiting]

    assert asyncio.run(exchange()) == ["one", "two", "two"]
    assert len(list(tmp_path.glob("*.request.md"))) == 2


def test_an_answer_that_is_no_text_is_named(tmp_path: Path) -> None:
    async def exchange() -> None:
        waiting = asyncio.create_task(relay(tmp_path).answer(ask()))
        answer_to((await asked(tmp_path))[0]).write_bytes(b"\xff\xfe\x00")
        await waiting

    with pytest.raises(ModelError, match="is not UTF-8 text"):
        asyncio.run(exchange())


def test_a_picture_lies_beside_its_request(tmp_path: Path) -> None:
    other = IMAGE.model_copy(update={"digest": "00" * 32})

    async def exchange() -> list[Path]:
        shown = [ask(agent="figure", subject="fig:1", images=images) for images in ((IMAGE, IMAGE), (other,))]
        waiting = [asyncio.create_task(relay(tmp_path).answer(request)) for request in shown]
        requests = await asked(tmp_path, 2)  # another picture is another question
        for request in requests:
            answer_to(request).write_text("Two axes.", encoding="utf-8")
        await asyncio.gather(*waiting)
        return requests

    texts = [request.read_text(encoding="utf-8") for request in asyncio.run(exchange())]
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    assert len(names) == 3
    assert all(any(f"]({name})" in text for text in texts) for name in names)
    assert {path.read_bytes() for path in tmp_path.glob("*.png")} == {PNG}
