"""The folder of a study: what is in it, and the key, which stays closed until enough answers are there."""

import hashlib
import re
from pathlib import Path
from typing import cast

from papercoder.artifacts import Study, StudyKey
from papercoder.errors import ArtifactError, RunFolderError, SettingsError
from papercoder.files.regular import read_bytes, read_text
from papercoder.runs.folder import parse_artifact

STUDY = "study.json"
"""What participants may know; everything but the code."""

PAGE = "send/study.html"
"""The questionnaire with all papers, for participants."""

PACKAGE = "package"
"""The blinded repositories as files: PACKAGE/PAPER/NAME/..."""

ANSWERS = "answers"
"""The files that came back, and those that the page keeps."""

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
    """The name of the file in which the page keeps a person's answers."""
    name = re.sub(r"[^\w-]+", "-", participant, flags=re.ASCII).strip("-").lower()
    return f"{ANSWERS}/{name}.json"
