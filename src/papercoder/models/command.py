"""`command:PROGRAM ARGUMENTS`: any program that reads a prompt on standard input and writes the answer to its output.

This is how a coding agent that the user already pays for becomes a model: `command:claude -p`.
"""

import asyncio
import codecs
import os
import shlex
import shutil
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

from papercoder.errors import ModelError, SettingsError
from papercoder.files.temporary import temporary_folder
from papercoder.models.contract import FREE, Answer, Request, StreamingModel, TransientError, free_answer
from papercoder.settings import Settings
from papercoder.text.fences import tag_of

_CONTEXT_WINDOW = 128_000
"""Tokens, unless the user sets another number."""

_NEVER_PASSES = frozenset({2, 126, 127})
"""Exit codes that another try does not change: wrong arguments, a program that cannot be run or found."""

_LONGEST_MESSAGE = 300
"""Characters of standard error that are shown."""


class Command(StreamingModel):
    """Runs a program for each request.

    The command line is split as a shell would, and run without a shell, in an empty folder: a coding agent finds no
    files there that it could read or change. Arguments that name files of the working directory become absolute paths.
    """

    price = FREE
    """The program is paid for elsewhere, if at all; tokens are estimated."""

    def __init__(self, line: str, settings: Settings) -> None:
        """Find the program; nothing is run.

        Raises:
            SettingsError: the command line cannot be split, or there is no such program.
        """
        self.name = f"command:{line}"
        self.context_window = settings.context_window or _CONTEXT_WINDOW
        try:
            program, *arguments = shlex.split(line)
        except ValueError as error:
            raise SettingsError(f"{self.name}: the command line cannot be split ({error}).") from error
        found = shutil.which(program)
        if found is None:
            raise SettingsError(f"{self.name}: there is no program {program!r}; check its spelling and your PATH.")
        self._command = (str(Path(found).absolute()), *map(_absolute, arguments))

    async def stream(self, request: Request) -> AsyncGenerator[str | Answer, None]:
        """What the program writes, as it comes; ending early kills the program and all that it started.

        Raises:
            TransientError: the program failed or wrote nothing.
            ModelError: the program cannot be run, its output is not text, or the request shows an image.
        """
        if request.images:
            raise ModelError(f"{self.name} gets text alone and cannot read the image of {request.subject}.")
        began = time.monotonic()
        with temporary_folder() as folder:
            process = await self._start(str(folder))
            feeding = asyncio.create_task(_feed(process, render(request)))
            complaining = asyncio.create_task(_read_end(process))
            pieces = list[str]()
            try:
                async with aclosing(self._output(process)) as output:
                    async for piece in output:
                        pieces.append(piece)
                        yield piece
                code = await process.wait()
                message = await complaining
            finally:
                await _kill(process, feeding, complaining)
        self._check(code, message, "".join(pieces))
        yield free_answer(request, "".join(pieces), time.monotonic() - began)

    async def _start(self, folder: str) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=folder, start_new_session=True
            )
        except OSError as error:
            raise ModelError(f"{self.name} cannot be run: {error.strerror}.") from error

    async def _output(self, process: Process) -> AsyncGenerator[str, None]:
        assert process.stdout is not None
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := await process.stdout.read(1 << 16):
                yield decoder.decode(chunk)
            yield decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise ModelError(f"{self.name}: its output is not UTF-8 text.") from error

    def _check(self, code: int, message: str, text: str) -> None:
        if code in _NEVER_PASSES:
            raise ModelError(f"{self.name} ended with exit code {code}: {message}.")
        if code:
            ending = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise TransientError(f"the program {ending}: {message}")
        if not text.strip():
            raise TransientError(f"the program wrote no answer: {message}")


def render(request: Request) -> str:
    """The conversation as one text; headings with a tag separate turns where there are several."""
    if all(message.role == "user" for message in request.messages):
        return request.text + "\n"
    tag = tag_of(request.text)
    turns = [f"# {message.role.capitalize()} {tag}\n\n{message.text}" for message in request.messages]
    return "\n\n".join([request.system, *turns, f"# Assistant {tag}"]) + "\n"


async def _feed(process: Process, text: str) -> None:
    """Write the prompt; it is not an error if the program does not read all of it."""
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(text.encode(errors="replace"))
        await process.stdin.drain()
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.close()
        await process.stdin.wait_closed()


async def _read_end(process: Process) -> str:
    """The end of standard error, in one line."""
    assert process.stderr is not None
    text = " ".join((await process.stderr.read()).decode(errors="replace").split())
    return text[-_LONGEST_MESSAGE:] or "it gave no reason"


async def _kill(process: Process, *tasks: asyncio.Task[Any]) -> None:
    """End what is left of the program, of the processes that it started, and of these tasks."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # it leads its own group
    for task in tasks:
        task.cancel()
    await asyncio.gather(process.wait(), *tasks, return_exceptions=True)


def _absolute(argument: str) -> str:
    path = Path(argument)
    return str(path.absolute()) if path.is_file() else argument
