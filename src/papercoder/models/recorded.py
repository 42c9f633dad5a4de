"""A test model that answers from files: the answers of an earlier run, such as `coding/model.py.md`."""

import datetime
import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from papercoder.artifacts.base import Artifact
from papercoder.errors import NotRecordedError, SettingsError
from papercoder.models.contract import FREE, Answer, Request, free_answer
from papercoder.models.retries import CONTINUE, text_so_far
from papercoder.runs.folder import digest, write_synced

MANIFEST = "recording.json"

_ESCAPED = re.compile(r"[^a-z0-9._/-]")
_LIKE_A_ROUND = re.compile(r"\.(?=(?:round|turn)\d+$)")


class Recording(Artifact):
    """How a recording was made; `recording.json`, next to its answers."""

    model: str
    """Which model answered."""

    made: datetime.date
    """When."""

    how: str
    """By whom and how, in a sentence or two."""

    questions: dict[str, str] = Field(default_factory=dict)
    """File -> digest of the question that it answers."""


class Recorded:
    """Gives the answers of a recording.

    The same question, word by word, gets its own answer. Another question, for example of an edited prompt, gets an
    answer by agent, subject and round; if several questions share these, as in each round of a review, in order.
    """

    context_window = 10_000_000
    """Recorded questions did fit."""

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
            raise SettingsError(f"{self.name}: {folder} is not a recording: it has no readable {MANIFEST}.") from error

    async def answer(self, request: Request) -> Answer:
        """The answer of this agent about this subject in this round.

        Raises:
            NotRecordedError: the recording has no such answer; a run continues without it if the answer is optional.
        """
        path = self._folder / self._file(request)
        try:
            text = path.read_bytes().decode("utf-8")  # keeps line ends as they are
        except FileNotFoundError:
            raise NotRecordedError(self._missing(request, path)) from None
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
            f"The recording has no answer of {request.agent}{about}, round {request.round}: {path} is missing "
            f"({request.agent} has {names}). Use the paper and settings that the recording was made with."
        )


def write_recording(folder: Path, answers: Iterable[tuple[Request, Answer]], recording: Recording) -> None:
    """Write answers for `recorded:FOLDER`.

    Of several answers to the same question the last one counts; an answer that was cut off and its continuations become
    one.

    Raises:
        RunFolderError: a file could not be written.
    """
    asked: dict[str, list[str]] = {}
    questions: dict[str, str] = {}
    for request, answer in answers:
        question = question_of(request)
        name = _turn(asked, request, question)
        questions[name] = question
        write_synced(folder / name, text_so_far(request, answer))
    manifest = recording.model_copy(update={"questions": questions})
    write_synced(folder / MANIFEST, manifest.model_dump_json(indent=1) + "\n")


def question_of(request: Request) -> str:
    """A digest of the question: the same for a request and for those that continue its answer."""
    texts = [message.text for message in request.messages]
    while len(texts) > 2 and texts[-1] == CONTINUE:
        texts = texts[:-2]
    images = [image.digest for image in request.images]
    return digest([request.agent, request.subject, request.round, request.system, *texts, *images])


def _turn(asked: dict[str, list[str]], request: Request, question: str) -> str:
    """The file of a question: the first, second, ... with its agent, subject and round."""
    turns = asked.setdefault(f"{slug(request.agent)}/{answer_name(request.subject, request.round)}", [])
    if question not in turns:
        turns.append(question)
    return f"{slug(request.agent)}/{answer_name(request.subject, request.round, turns.index(question) + 1)}"


def slug(subject: str) -> str:
    """A file name for a subject; different subjects have different names, even on file systems that ignore case.

    Lower-case letters, digits, `.`, `_` and `-` stay, `/` becomes `+`, anything else `~` and its bytes; '' becomes `_`.
    """
    if subject in {"", "_"}:
        return "~5f" if subject else "_"
    escaped = _ESCAPED.sub(lambda found: "".join(f"~{byte:02x}" for byte in found[0].encode()), subject)
    return _LIKE_A_ROUND.sub("~2e", escaped).replace("/", "+")


def answer_name(subject: str, round_: int, turn: int = 1) -> str:
    """The name of an answer's file: `model.py.md`; after two rejections `model.py.round2.md`.

    `turn` counts questions with the same subject and round: the answer to the second is `model.py.turn2.md`.
    """
    rejected = f".round{round_}" if round_ else ""
    again = f".turn{turn}" if turn > 1 else ""
    return f"{slug(subject)}{rejected}{again}.md"
