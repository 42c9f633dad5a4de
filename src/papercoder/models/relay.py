"""Answers from outside: from files that people write, or from a coding agent in this process."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from papercoder.errors import ModelError
from papercoder.models.contract import FREE, Answer, Request, free_answer
from papercoder.models.recorded import slug
from papercoder.runs.folder import digest, write_synced
from papercoder.text.fences import tag_of

REQUEST = ".request.md"
ANSWER = ".answer.md"
PICTURE = ".picture{number}.png"
"""Beside a request that shows images: the first is `1`."""

INDEX = "index.md"


class Relay:
    """Writes `<agent>-<subject>-<round>-<digest>.request.md` and waits for `....answer.md`.

    The images of a request are next to it, as `....picture1.png`.

    The same request has the same name, so a question stays open after a restart. Nothing is ever removed.
    """

    price = FREE

    def __init__(self, folder: Path, context_window: int, poll: float = 0.2, settled: float = 0.5) -> None:
        """Use a folder, which is created with the first request.

        Args:
            folder: for requests and answers.
            context_window: tokens that the person who answers can read and write.
            poll: seconds between two checks.
            settled: seconds that an answer must not have changed.
        """
        self.name = f"relay:{folder}"
        self.context_window = context_window
        self._folder = folder
        self._poll = poll
        self._settled = settled
        self._indexing = asyncio.Lock()

    async def answer(self, request: Request) -> Answer:
        """The answer, however long it takes.

        Raises:
            ModelError: the answer is not UTF-8 text.
            RunFolderError: the request could not be written.
        """
        began = time.monotonic()
        stem = _stem(request)
        await asyncio.to_thread(self._ask, stem, request)
        await self._write_index()
        await self._wait(self._folder / f"{stem}{ANSWER}")
        text = self._read(stem)
        await self._write_index()
        return free_answer(request, text, time.monotonic() - began)

    def _ask(self, stem: str, request: Request) -> None:
        path = self._folder / f"{stem}{REQUEST}"
        for number, image in enumerate(request.images, 1):
            write_synced(self._folder / f"{stem}{PICTURE.format(number=number)}", image.data)
        if not path.exists():
            write_synced(path, _render(stem, request))

    async def _wait(self, path: Path) -> None:
        """Wait until the file is there, has content and no longer changes."""
        seen, since = None, 0.0
        while True:
            now, state = time.monotonic(), _state(path)
            if state != seen:
                seen, since = state, now
            elif state and now - since >= self._settled:
                return
            await asyncio.sleep(self._poll)

    def _read(self, stem: str) -> str:
        path = self._folder / f"{stem}{ANSWER}"
        try:
            return path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise ModelError(f"{path} is not UTF-8 text. Save it as UTF-8 and run the same command.") from error

    async def _write_index(self) -> None:
        async with self._indexing:
            await asyncio.to_thread(write_index, self._folder)


class Exchange:
    """The open requests of a run, and the answers to them, for a coding agent that is connected to this process."""

    name = "agent:mcp"
    price = FREE

    def __init__(self, context_window: int, on_change: Callable[[], None] = lambda: None) -> None:
        """Start without requests.

        Args:
            context_window: tokens that the agent can read and write at once.
            on_change: called when a request is opened or closed.
        """
        self.context_window = context_window
        self.open: dict[str, Request] = {}
        """Name -> request, the oldest first."""
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self._on_change = on_change

    async def answer(self, request: Request) -> Answer:
        """The answer, however long it takes."""
        name, began = _stem(request), time.monotonic()
        self.open[name] = request
        self._answers[name] = asyncio.get_running_loop().create_future()
        self._on_change()
        try:
            answer = await self._answers[name]
        finally:
            del self.open[name], self._answers[name]
            self._on_change()
        return answer.model_copy(update={"seconds": time.monotonic() - began})

    def submit(self, name: str, text: str, *, is_complete: bool = True) -> Request:
        """Answer an open request.

        Args:
            name: of the request.
            text: the answer.
            is_complete: False if the text stops before the end of the answer; the rest is then requested.

        Returns:
            The request.

        Raises:
            ModelError: there is no such open request.
        """
        future = self._answers.get(name)
        if future is None or future.done():
            raise ModelError(f"There is no open request {name[:200]!r}. Call next_request to see what is open.")
        request = self.open[name]
        answer = free_answer(request, text)
        future.set_result(answer if is_complete else answer.model_copy(update={"finish": "length"}))
        return request


def write_index(folder: Path) -> None:
    """List open and answered requests in `index.md`.

    Raises:
        RunFolderError: it could not be written.
    """
    stems = sorted(path.name.removesuffix(REQUEST) for path in folder.glob(f"*{REQUEST}"))
    answered = [stem for stem in stems if _state(folder / f"{stem}{ANSWER}")]
    waiting = [f"- [{stem}]({stem}{REQUEST}): write {stem}{ANSWER}" for stem in stems if stem not in answered]
    done = [f"- [{stem}]({stem}{ANSWER})" for stem in answered]
    lines = [f"# Open requests: {len(waiting)}", "", *waiting, "", f"# Answered: {len(done)}", "", *done, ""]
    write_synced(folder / INDEX, "\n".join(lines))


def _stem(request: Request) -> str:
    turns = [(message.role, message.text) for message in request.messages]
    images = [image.digest for image in request.images]
    short = digest([request.agent, request.subject, request.round, request.system, turns, *images])[:8]
    return f"{slug(request.agent)}-{slug(request.subject)}-{request.round}-{short}"


def _state(path: Path) -> tuple[int, int] | None:
    """Size and time of the last change; None if the file is missing or empty."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return (stat.st_size, stat.st_mtime_ns) if stat.st_size else None


def _render(stem: str, request: Request) -> str:
    turns = [("system", request.system), *((message.role, message.text) for message in request.messages)]
    tag = tag_of(*(text for _, text in turns))
    pictures = [f"{stem}{PICTURE.format(number=number)}" for number, _ in enumerate(request.images, 1)]
    shown = f"Look at {', '.join(f'[{name}]({name})' for name in pictures)} first.\n\n" if pictures else ""
    head = (
        f"# {request.about}, round {request.round}\n\n"
        f"Answer the last message. Write the answer, and nothing else, to `{stem}{ANSWER}` in this folder.\n\n{shown}"
        f"Every message starts with a line that ends in `{tag} >>>>>>`; other such lines are part of a message."
    )
    return "\n\n".join([head, *(f"<<<<<< {role} {tag} >>>>>>\n\n{text}" for role, text in turns)]) + "\n"
