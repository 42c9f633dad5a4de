"""Signals stop a command cleanly: it says so, keeps what was made, and leaves no process behind."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO

import pytest

from papercoder.runs.event_log import read_events
from papercoder.runs.summary import summarise
from tests.support import SIMULATED, calls_in_flight, calls_made
from tests.web.conftest import HELD, PROGRAM, environment
from tests.web.held import RELEASE_FILE

STOPPING = "papercoder: stopping after the calls in flight; press Ctrl-C again to stop now.\n"
INTERRUPTED = "papercoder: interrupted; run the same command again to resume.\n"
SIGNALS = (
    signal.SIGINT,
    pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
)


@contextmanager
def papercoder(
    *arguments: str | Path, program: tuple[str, ...] = PROGRAM, variables: Mapping[str, str] = MappingProxyType({})
) -> "Iterator[subprocess.Popen[str]]":
    """A `papercoder` process whose standard error is a pipe."""
    command = [sys.executable, *program, *map(str, arguments)]
    with subprocess.Popen(
        command,
        env={**environment(), **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(happened: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Wait for something that the process does."""
    end = time.monotonic() + 200
    while not happened():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.02)


def read_line(stream: IO[str] | None) -> str:
    assert stream
    return stream.readline()


def run_arguments(paper: Path, folder: Path) -> tuple[str | Path, ...]:
    return "run", paper, "-o", folder, "--model", SIMULATED, "--sandbox", "none", "--refine", "0"


def analysing(folder: Path) -> int:
    """Analysis calls that were sent and not answered."""
    return sum(number for (agent, _), number in calls_in_flight(read_events(folder)).items() if agent == "analysis")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_stops_a_run_after_the_calls_in_flight(
    number: signal.Signals, paper_file: Path, tmp_path: Path
) -> None:
    folder, go = tmp_path / "run", tmp_path / "go"
    arguments = run_arguments(paper_file, folder)
    with papercoder(*arguments, program=HELD, variables={RELEASE_FILE: str(go)}) as process:
        wait_until(lambda: analysing(folder) == 4, process)
        process.send_signal(number)
        assert read_line(process.stderr) == STOPPING
        go.touch()
        _, error = process.communicate()
    assert (process.returncode, error) == (128 + number, INTERRUPTED)
    assert calls_in_flight(read_events(folder)) == Counter()
    summary = summarise(read_events(folder))
    assert (summary.status, summary.reason) == ("partial", "it was interrupted")
    assert (folder / "report.html").is_file()
    with papercoder(*arguments) as process:
        assert process.wait() == 0
    assert set(calls_made(folder).values()) == {1}


def test_a_second_signal_does_not_wait_for_the_calls_in_flight(paper_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    arguments = run_arguments(paper_file, folder)
    with papercoder(*arguments, program=HELD, variables={RELEASE_FILE: str(tmp_path / "never")}) as process:
        wait_until(lambda: analysing(folder) == 4, process)
        process.send_signal(signal.SIGINT)
        assert read_line(process.stderr) == STOPPING
        process.send_signal(signal.SIGINT)
        _, error = process.communicate()
    assert (process.returncode, error) == (130, INTERRUPTED)
    assert summarise(read_events(folder)).reason == "it was interrupted"


def test_a_closed_terminal_stops_a_run(paper_file: Path, tmp_path: Path) -> None:
    folder, go = tmp_path / "run", tmp_path / "go"
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, *HELD, *map(str, run_arguments(paper_file, folder))],
        env={**environment(), RELEASE_FILE: str(go)},
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        while analysing(folder) < 4:
            assert os.read(ours, 65536)
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        go.touch()
        assert process.wait() == 128 + signal.SIGHUP
    assert calls_in_flight(read_events(folder)) == Counter()
    assert summarise(read_events(folder)).reason == "it was interrupted"


def test_a_signal_that_is_ignored_stays_ignored(paper_file: Path, tmp_path: Path) -> None:
    folder, go = tmp_path / "run", tmp_path / "go"
    nohup = ("-c", f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); import runpy; {RUN_HELD}")
    with papercoder(*run_arguments(paper_file, folder), program=nohup, variables={RELEASE_FILE: str(go)}) as process:
        wait_until(lambda: analysing(folder) == 4, process)
        process.send_signal(signal.SIGHUP)
        go.touch()
        assert process.wait() == 0


RUN_HELD = "runpy.run_module('tests.web.held', run_name='__main__')"

ENDLESS = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if __name__ == "__main__":
    with open({path!r}, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(3600)
"""


def test_a_signal_ends_the_code_that_runs_in_a_sandbox(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    (repository := tmp_path / "repository").mkdir()
    (repository / "main.py").write_text(ENDLESS.format(path=str(pid_file)), encoding="utf-8")
    (repository / "requirements.txt").touch()
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    with papercoder("execute", repository, "--sandbox", "subprocess", variables=cache) as process:
        wait_until(lambda: pid_file.is_file() and bool(pid_file.read_text(encoding="ascii")), process)
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate()
    assert (process.returncode, error) == (143, STOPPING + INTERRUPTED)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text(encoding="ascii")), 0)
