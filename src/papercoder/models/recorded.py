"""Answers of an earlier run, one Markdown file each: `coding/model.py.md`."""

import datetime
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from papercoder.artifacts.base import Artifact
from papercoder.errors import ModelError, SettingsError
from papercoder.models.contract import Answer, Model, Request
from papercoder.models.free import FREE, free_answer
from papercoder.models.slugs import answer_name, slug
from papercoder.models.whole import CONTINUE, told
from papercoder.models.wrapped import Wrapped
from papercoder.runs.store import digest, write_synced

MANIFEST = "recording.json"


class Recording(Artifact):
    """How a recording came about, kept beside its answers as `recording.json`."""

    model: str
    """Which model answered."""

    made: datetime.date
    """When."""

    how: str
    """By whom and how, in a sentence or two."""

    questions: dict[str, str] = Field(default_factory=dict)
    """File -> digest of the question that it answers; a question that is known gets the very answer it got then."""


class Recorded:
    """Answers as was answered then.

    A question that was asked word by word gets its own answer. Another one, of an edited prompt say, gets the answer by
    agent, subject and round; where these were asked several questions, as review does in each of its rounds, in order.
    """

    context_window = 10_000_000
    """What was answered did fit."""

    price = FREE

    def __init__(self, folder: Path) -> None:
        """Open a recording.

        Raises:
            SettingsError: the folder has no readable `recording.json`.
        """
        self.name = f"recorded:{folder}"
        self._folder = folder
        self._asked: dict[str, list[str]] = {}
        try:
            self.recording = Recording.model_validate_json((folder / MANIFEST).read_bytes())
        except (OSError, ValidationError) as error:
            raise SettingsError(f"{self.name}: {folder} is no recording, it has no readable {MANIFEST}.") from error

    async def answer(self, request: Request) -> Answer:
        """The answer of this agent about this subject in this round.

        Raises:
            ModelError: the recording does not have it.
        """
        path = self._folder / self._file(request)
        try:
            text = _read(path)
        except FileNotFoundError:
            raise ModelError(self._missing(request, path)) from None
        return free_answer(request, text)

    def _file(self, request: Request) -> str:
        question = question_of(request)
        name = _turn(self._asked, request, question)
        own = (file for file, known in self.recording.questions.items() if known == question)
        return next(own, name)

    def _missing(self, request: Request, path: Path) -> str:
        names = ", ".join(sorted(other.name for other in path.parent.glob("*.md"))) or "none"
        about = f" about {request.subject!r}" if request.subject else ""
        return (
            f"The recording has no answer of {request.agent}{about}, round {request.round}: {path} is missing; of "
            f"{request.agent} it has {names}. A recording fits only the paper and settings that it was made with."
        )


class Collecting(Wrapped):
    """Remembers all requests and answers that pass, for a recording."""

    def __init__(self, inner: Model) -> None:
        super().__init__(inner)
        self.answers: list[tuple[Request, Answer]] = []

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer."""
        answer = await self.inner.answer(request)
        self.answers.append((request, answer))
        return answer


def write_recording(folder: Path, answers: Iterable[tuple[Request, Answer]], recording: Recording) -> None:
    """Write answers so that `recorded:FOLDER` gives them again.

    Of several answers to the same question the last one counts; cut answers and their continuations, as a journal has
    them, become whole ones.

    Raises:
        RunFolderError: a file could not be written.
    """
    asked: dict[str, list[str]] = {}
    questions: dict[str, str] = {}
    for request, answer in answers:
        question = question_of(request)
        name = _turn(asked, request, question)
        questions[name] = question
        write_synced(folder / name, told(request, answer))
    manifest = recording.model_copy(update={"questions": questions})
    write_synced(folder / MANIFEST, manifest.model_dump_json(indent=1) + "\n")


def question_of(request: Request) -> str:
    """What was asked, as a digest: the same for a request and for those that continue its cut answer."""
    texts = [message.text for message in request.messages]
    while len(texts) > 2 and texts[-1] == CONTINUE:
        texts = texts[:-2]
    return digest([request.agent, request.subject, request.round, request.system, *texts])


def _turn(asked: dict[str, list[str]], request: Request, question: str) -> str:
    """The file for a question: the first, second, ... of its agent, subject and round."""
    turns = asked.setdefault(f"{slug(request.agent)}/{answer_name(request.subject, request.round)}", [])
    if question not in turns:
        turns.append(question)
    return f"{slug(request.agent)}/{answer_name(request.subject, request.round, turns.index(question) + 1)}"


def _read(path: Path) -> str:
    """The text with its line ends as they are."""
    return path.read_bytes().decode("utf-8")
