import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from papercoder.errors import ModelError, RunFolderError
from papercoder.models.contract import Message
from papercoder.models.stack import FinishingModel, JournaledModel, calls, journal_key
from papercoder.runs.folder import FileStore
from tests.models.fakes import IMAGE, PNG, Events, Held, Memory, Scripted, ask, said, texts
from tests.waiting import until


def test_an_answer_is_made_once_and_costs_once(tmp_path: Path) -> None:
    model, events = Scripted(said("first", cost_usd=0.1), said("second")), Events()

    async def twice() -> list[str]:
        journal = JournaledModel(model, FileStore(tmp_path), events)
        return texts([await journal.answer(ask()), await journal.answer(ask())])

    assert asyncio.run(twice()) == ["first", "first"]
    assert events.kinds == ["call_started", "call_made", "call_reused"]
    assert len(model.asked) == 1


def test_an_answer_that_is_damaged_on_disk_is_reported(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put(journal_key("scripted", ask()), "{")
    model = Scripted(said("first"))
    model.name = "scripted"
    with pytest.raises(RunFolderError, match="is damaged and cannot be read"):
        asyncio.run(JournaledModel(model, store, Events()).answer(ask()))
    assert not model.asked


def test_equal_requests_at_the_same_time_share_one_call() -> None:
    model, events = Scripted(said("first"), said("second"), seconds=0.02), Events()

    async def together() -> list[str]:
        journal = JournaledModel(model, Memory(), events)
        return texts(await asyncio.gather(*(journal.answer(ask()) for _ in range(5))))

    assert asyncio.run(together()) == ["first"] * 5
    assert sorted(events.kinds) == ["call_made", *["call_reused"] * 4, "call_started"]


def test_a_failure_is_not_kept() -> None:
    model = Scripted(ModelError("no"), said("yes"))

    async def again() -> str:
        journal = JournaledModel(model, Memory(), Events())
        with pytest.raises(ModelError):
            await journal.answer(ask())
        return (await journal.answer(ask())).text

    assert asyncio.run(again()) == "yes"


def test_the_key_tells_apart_what_may_be_answered_differently() -> None:
    others = [
        ask(text="Write another."),
        ask(subject="other.py"),
        ask(round=1),
        ask(max_tokens=2000),
        ask(system="You are a poet."),
        ask(messages=(Message(role="assistant", text="Write it."),)),
    ]
    keys = {journal_key("m", request) for request in [ask(), *others]} | {journal_key("n", ask())}
    assert len(keys) == len(others) + 2
    marked = ask(messages=(Message(role="user", text="Write it.", cache=True),))
    assert journal_key("m", marked) == journal_key("m", ask())


def test_the_answer_to_a_cancelled_call_is_kept() -> None:
    model, store, events = Held(said("paid")), Memory(), Events()

    async def leave() -> None:
        task = asyncio.create_task(JournaledModel(FinishingModel(model), store, events).answer(ask()))
        await until(lambda: bool(model.asked))
        task.cancel()
        asyncio.get_running_loop().call_later(0.01, model.free.set)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    assert len(store.kept) == 1
    assert events.kinds == ["call_started", "call_made"]


def test_a_second_cancellation_ends_the_call() -> None:
    model, store = Held(said("never")), Memory()

    async def leave() -> None:
        task = asyncio.create_task(JournaledModel(FinishingModel(model), store, Events()).answer(ask()))
        await until(lambda: bool(model.asked))
        task.cancel()
        await asyncio.sleep(0.01)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(leave(), 60))
    assert not store.kept


KILLED = """
import asyncio, sys
from pathlib import Path
from papercoder.models.stack import JournaledModel
from papercoder.runs.folder import FileStore
from tests.models.fakes import Events, Scripted, ask, said

async def main():
    journal = JournaledModel(Scripted(said("paid"), seconds=0.03), FileStore(Path(sys.argv[1])), Events())
    for number in range(1000):
        await journal.answer(ask(subject=f"f{number}.py"))
        print(number, flush=True)

asyncio.run(main())
"""


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answered = [int(process.stdout.readline()) for _ in range(5)]
        process.send_signal(signal.SIGKILL)
        answered += [int(line) for line in process.stdout.read().splitlines()]
    model, events = Scripted(ModelError("asked again")), Events()

    async def resume() -> None:
        journal = JournaledModel(model, FileStore(tmp_path), events)
        for number in answered:
            assert (await journal.answer(ask(subject=f"f{number}.py"))).text == "paid"

    asyncio.run(resume())
    assert len(answered) >= 5
    assert set(events.kinds) == {"call_reused"}


def test_a_picture_is_part_of_the_key_and_its_bytes_are_not_kept(tmp_path: Path) -> None:
    model, store = Scripted(said("first"), said("second")), FileStore(tmp_path)
    journal = JournaledModel(model, store, Events())
    other = IMAGE.model_copy(update={"digest": "00" * 32})
    asked = [asyncio.run(journal.answer(ask(images=(image,)))) for image in (IMAGE, IMAGE, other)]
    assert texts(asked) == ["first", "first", "second"]
    assert model.asked[0].images[0].data == PNG
    assert [call.request.images[0].digest[:2] for call in calls(store)] == ["5f", "00"]
    assert not any(b"of a figure" in path.read_bytes() for path in tmp_path.rglob("call-*"))
