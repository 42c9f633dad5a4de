"""Programs as models, tried with small scripts."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from papercoder.errors import ModelError, SettingsError
from papercoder.models.command import Command, render
from papercoder.models.contract import Message, TransientError
from papercoder.models.stack import assemble
from papercoder.settings import Settings
from tests.models.fakes import IMAGE, Events, Memory, ask
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("bare")


def script(tmp_path: Path, code: str) -> Command:
    path = tmp_path / "a script.py"
    path.write_text(code, encoding="utf-8")
    return Command(f"{sys.executable} 'a script.py'", Settings())


def test_a_program_reads_the_prompt_and_writes_the_answer(tmp_path: Path) -> None:
    model = script(tmp_path, "import sys; print('Ein Ä:', sys.stdin.read().upper())")
    answer = asyncio.run(model.answer(ask(text="Write it.")))
    assert answer.text == "Ein Ä: YOU WRITE CODE.\n\nWRITE IT.\n\n"
    assert answer.finish == "stop"
    assert answer.usage.prompt > 5
    assert answer.usage.completion > 5
    assert answer.usage.cost_usd == 0.0


def test_it_works_in_an_empty_folder(tmp_path: Path) -> None:
    model = script(tmp_path, "import os; print(os.getcwd(), os.listdir())")
    folder, _, names = asyncio.run(model.answer(ask())).text.partition(" ")
    assert names == "[]\n"
    assert not Path(folder).exists()


def test_no_shell_expands_the_command_line() -> None:
    model = Command("echo '$HOME' * ; $(id)", Settings())
    assert asyncio.run(model.answer(ask())).text == "$HOME * ; $(id)\n"


def test_a_program_that_ignores_a_long_prompt_is_no_error() -> None:
    request = ask(text="x" * 2_000_000)
    assert asyncio.run(Command("echo done", Settings()).answer(request)).text == "done\n"


def test_turns_are_labelled() -> None:
    said = (
        Message(role="user", text="Write."),
        Message(role="assistant", text="def"),
        Message(role="user", text="Continue."),
    )
    text = render(ask(messages=said))
    tag = text.split()[-1]
    assert re.fullmatch("[0-9a-f]{12}", tag)
    assert text.replace(f" {tag}", "") == (
        "You write code.\n\n# User\n\nWrite.\n\n# Assistant\n\ndef\n\n# User\n\nContinue.\n\n# Assistant\n"
    )


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("no-such-program -p", "there is no program 'no-such-program'"),
        ("echo 'open", r"the command line cannot be split \(No closing quotation\)"),
        ("''", "there is no program ''"),
    ],
)
def test_a_command_that_cannot_work_is_rejected_before_any_call(line: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        Command(line, Settings())


@pytest.mark.parametrize(
    ("code", "kind", "complaint"),
    [
        (
            "import sys; sys.exit('over quota\\ntry later')",
            TransientError,
            "ended with exit code 1: over quota try later",
        ),
        ("import sys; print('half'); sys.exit(3)", TransientError, "ended with exit code 3: it gave no reason"),
        ("import sys; sys.stderr.write('unknown flag -q'); sys.exit(2)", ModelError, "exit code 2: unknown flag -q"),
        ("import os; os.kill(os.getpid(), 9)", TransientError, "was killed by signal 9"),
        ("import sys; sys.stderr.write('not logged in')", TransientError, "wrote no answer: not logged in"),
        ("import sys; sys.stdout.buffer.write(bytes([255, 254]))", ModelError, "its output is not UTF-8 text"),
    ],
)
def test_a_failure_is_one_clear_sentence(tmp_path: Path, code: str, kind: type[ModelError], complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint) as failure:
        asyncio.run(script(tmp_path, code).answer(ask()))
    assert type(failure.value) is kind


FOREVER = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
with open({pids!r}, "w") as file:
    file.write(f"{{os.getpid()}} {{child.pid}}")
os.rename({pids!r}, {there!r})
time.sleep(1000)
"""


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_cancelling_a_call_kills_the_program_and_its_children(tmp_path: Path) -> None:
    there = tmp_path / "pids"
    model = script(tmp_path, FOREVER.format(pids=str(tmp_path / "part"), there=str(there)))

    async def cancel() -> list[int]:
        stack = assemble(model, Settings(), Memory(), Events())
        call = asyncio.create_task(stack.answer(ask()))
        await until(there.exists)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        pids = [int(pid) for pid in there.read_text().split()]
        await until(lambda: not any(map(is_running, pids)))
        return pids

    pids = asyncio.run(cancel())
    try:
        assert not any(map(is_running, pids))
    finally:
        for pid in filter(is_running, pids):
            os.kill(pid, signal.SIGKILL)


def test_a_silent_program_is_given_up(tmp_path: Path) -> None:
    model = script(tmp_path, "import time; time.sleep(1000)")
    settings = Settings(idle_timeout=0.05, call_retries=0)
    with pytest.raises(ModelError, match=r"no new token within 0.05 s \(--idle-timeout\)"):
        asyncio.run(assemble(model, settings, Memory(), Events()).answer(ask()))


def test_a_program_gets_no_pictures(tmp_path: Path) -> None:
    model = script(tmp_path, "print('Two axes.')")
    with pytest.raises(ModelError, match=r"gets text alone and cannot read the image of fig:1\."):
        asyncio.run(model.answer(ask(agent="figure", subject="fig:1", images=(IMAGE,))))
