"""The folder of a study: its public part, the key with the makers, and the returned answers, which are checked."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from papercoder.artifacts import AnswerFile, PaperAnswers, Problem, Question, Study, StudyKey, StudyPaper
from papercoder.errors import ArtifactError, RunFolderError, SettingsError
from papercoder.files.regular import read_bytes, read_text, walk
from papercoder.runs.folder import parse_artifact
from papercoder.text.characters import one_line, printable, shortened

STUDY = "study.json"
"""What participants may know; everything but the code."""

PAGE = "send/study.html"
"""The questionnaire with all papers, for participants."""

PACKAGE = "package"
"""The blinded repositories as files: PACKAGE/PAPER/NAME/..."""

ANSWERS = "answers"
"""The returned files, and those that the page saves."""

KEY = "key/key.json"
RESULTS = "results"


def read_study(folder: Path) -> Study:
    """The study in a folder, without its key.

    Raises:
        RunFolderError: there is none.
        ArtifactError: it is not valid.
    """
    text = read_text(folder, STUDY)
    if text is None:
        raise RunFolderError(f"{folder} is no study. `papercoder study new MANIFEST -o {folder}` makes one.")
    return cast("Study", parse_artifact(STUDY, Study, text))


def open_key(folder: Path, study: Study, complete: int, *, early: bool = False) -> StudyKey:
    """The makers behind the neutral names.

    Args:
        folder: of the study.
        study: what is in the folder.
        complete: questionnaires that came back without an open question.
        early: open it even if these are fewer than the study was to wait for.

    Raises:
        SettingsError: it is too early.
        RunFolderError: the key is missing.
        ArtifactError: it is not the key with which the study was made.
    """
    if complete < study.wait_for and not early:
        raise SettingsError(
            f"The key stays closed: {complete} of {study.wait_for} complete questionnaires are there. Results that are "
            "looked at early tempt to stop early; --open-early opens the key now, and the results say so."
        )
    content = read_bytes(folder, KEY)
    if content is None:
        raise RunFolderError(f"{folder / KEY} is missing; without it nobody knows who made which repository.")
    if hashlib.sha256(content).hexdigest() != study.key_sha256:
        raise ArtifactError(f"{folder / KEY} is not the key with which the study was made: its digest differs.")
    return StudyKey.model_validate_json(content)


def file_name(participant: str) -> str:
    """The name of the file in which the page saves a person's answers."""
    name = re.sub(r"[^\w-]+", "-", participant, flags=re.ASCII).strip("-").lower()
    return f"{ANSWERS}/{name}.json"


LARGEST = 2 * 2**20
"""Bytes of a file with answers."""


class InvalidAnswers(ValueError):
    """A file with answers cannot be used; the message is a sentence for the researcher."""


@dataclass(frozen=True)
class Response:
    """One person's valid answers about one paper."""

    participant: str
    paper: StudyPaper
    seconds: float
    answers: dict[str, str]
    saved: str
    open: tuple[str, ...]
    """Keys of questions without an answer."""

    def scores(self, question: Question) -> dict[str, float]:
        """Repository -> the place of its answer on the question's scale; without answers that say nothing."""
        found = {name: question.score(self.answers.get(f"{question.id}.{name}", "")) for name in self.paper.names}
        return {name: score for name, score in found.items() if score is not None}

    @property
    def ranking(self) -> dict[str, float] | None:
        """Repository -> rank as it was entered, 1 is the best; None unless all are ranked."""
        scores = {name: -score for name, score in self.scores(self.paper.keys[f"rank.{self.paper.names[0]}"]).items()}
        return scores if len(scores) == len(self.paper.names) else None


@dataclass
class Collected:
    """All usable answers, and what is wrong with the others."""

    responses: list[Response] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def participants(self) -> tuple[str, ...]:
        """Everyone with a usable answer."""
        return tuple(dict.fromkeys(each.participant for each in self.responses))

    @property
    def complete(self) -> int:
        """Questionnaires without an open question."""
        return sum(not each.open for each in self.responses)


def parse_answers(study: Study, content: bytes) -> AnswerFile:
    """The content of a file with answers.

    Raises:
        InvalidAnswers: it has another form, or belongs to another study.
    """
    try:
        answers = AnswerFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = one_line(".".join(map(str, first["loc"])))[:80] or "the file"
        raise InvalidAnswers(f"It is no file with answers: {where}: {first['msg']}.") from error
    if answers.study != study.id:
        raise InvalidAnswers(f"It belongs to the study {one_line(answers.study)}, not to {study.id}.")
    return answers


def collect(study: Study, folder: Path, given: Iterable[Path] = ()) -> Collected:
    """All answers in the study's folder and in further files.

    Raises:
        RunFolderError: a file that was given does not exist.
    """
    found = defaultdict[tuple[str, str], list[tuple[str, Response]]](list)
    collected = Collected()
    for where, content in _files(folder, given, collected.problems):
        try:
            answers = parse_answers(study, content)
        except InvalidAnswers as error:
            collected.problems.append(Problem(kind="bad", where=where, message=str(error)))
            continue
        if not answers.consent:
            message = "The participant did not agree to the use of the answers."
            collected.problems.append(Problem(kind="bad", where=where, message=message))
            continue
        person = one_line(answers.participant)
        for one in answers.papers:
            if response := _response(study, answers, person, one, where, collected.problems):
                found[person.casefold(), response.paper.id].append((where, response))
    for versions in found.values():
        collected.responses.append(_last(versions, collected.problems))
    collected.problems += _missing(study, collected)
    return collected


def _files(folder: Path, given: Iterable[Path], problems: list[Problem]) -> Iterator[tuple[str, bytes]]:
    places = [(folder, f"{ANSWERS}/{path}") for path in walk(folder, ANSWERS)]
    places += [(path.parent, path.name) for path in given]
    for place, name in places:
        where = one_line(name.removeprefix(f"{ANSWERS}/"))
        try:
            content = read_bytes(place, name, LARGEST)
        except RunFolderError as error:
            problems.append(Problem(kind="bad", where=where, message=str(error)))
            continue
        if content is None:
            raise RunFolderError(f"{place / name} does not exist. Give the files that participants sent.")
        yield where, content


def _response(
    study: Study, file: AnswerFile, person: str, one: PaperAnswers, where: str, problems: list[Problem]
) -> Response | None:
    """The answers about a paper without those that the questionnaire does not allow; None if nothing is left."""
    paper = study.paper(one.paper)
    if paper is None:
        message = f"The study has no paper {shortened(one_line(one.paper), 60)!r}."
        problems.append(Problem(kind="bad", where=where, message=message))
        return None
    questions, valid = paper.keys, dict[str, str]()
    for key, value in one.answers.items():
        question = questions.get(key)
        if question is None:
            message = f"{paper.id}: there is no question {shortened(one_line(key), 60)!r}."
            problems.append(Problem(kind="bad", where=where, message=message))
        elif question.options and value not in {"", *(option.value for option in question.options)}:
            message = f"{paper.id}, {key}: {shortened(one_line(value), 60)!r} is not one of the answers."
            problems.append(Problem(kind="bad", where=where, message=message))
        elif text := printable(value).strip():
            valid[key] = text
    if not valid:
        return None
    missing = tuple(key for key in paper.required if key not in valid)
    return Response(person, paper, one.seconds, valid, file.saved, missing)


def _last(versions: list[tuple[str, Response]], problems: list[Problem]) -> Response:
    """The version that was saved last; the others are named."""
    versions = sorted(versions, key=lambda each: each[1].saved)
    kept, last = versions[-1]
    for where, other in versions[:-1]:
        same = other.answers == last.answers
        message = f"{last.paper.id}, {last.participant}: {'the same' if same else 'other'} answers are in {kept}"
        message += "." if same else ", which was saved later and counts."
        problems.append(Problem(kind="duplicate", where=where, message=message))
    return last


def _missing(study: Study, collected: Collected) -> Iterator[Problem]:
    for each in collected.responses:
        if each.open:
            shown = ", ".join(each.open[:6]) + (", ..." if len(each.open) > 6 else "")
            message = f"{each.paper.id}: {len(each.open)} of {len(each.paper.required)} answers are open ({shown})."
            yield Problem(kind="missing", where=each.participant, message=message)
    answered = {each.paper.id for each in collected.responses}
    for paper in study.papers:
        if paper.id not in answered:
            yield Problem(kind="missing", where=paper.id, message="Nobody answered for this paper.")
