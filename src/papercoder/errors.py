"""Every error that PaperCoder raises on purpose.

::

    PaperCoderError             one clear sentence: what, where, what to do
    ├── PaperError              the paper cannot be read                            exit 2
    ├── SettingsError           a flag, variable or settings file is wrong          exit 2
    ├── RunFolderError          the run folder is locked, read-only or full         exit 2
    │   └── ArtifactError       an artifact that the user edited does not fit       exit 2
    ├── SandboxError            the sandbox that was asked for cannot be used       exit 2
    ├── ModelError              a model did not give an answer                      exit 1
    │   ├── AnswerError         it answered, but never in the form asked for        exit 1
    │   └── ContextError        the request cannot fit the model's context window   exit 1
    ├── FetchError              data of a benchmark cannot be fetched               exit 1
    └── CostCapReached          the next call might exceed --max-cost; resumable    exit 3
"""

from typing import ClassVar


class PaperCoderError(Exception):
    """The root: its text is written for the user and shown without a traceback."""

    exit_code: ClassVar[int] = 1


class PaperError(PaperCoderError):
    """The paper is missing, broken, unsafe or of no known kind."""

    exit_code = 2


class SettingsError(PaperCoderError):
    """A setting has no valid value."""

    exit_code = 2


class RunFolderError(PaperCoderError):
    """The run folder cannot be used."""

    exit_code = 2


class ArtifactError(RunFolderError):
    """An artifact on disk, edited by the user, does not fit its type."""


class SandboxError(PaperCoderError):
    """The sandbox that was asked for cannot be used here."""

    exit_code = 2


class ModelError(PaperCoderError):
    """A model did not answer, after all retries."""


class AnswerError(ModelError):
    """A model answered, but not in the form asked for, after all retries."""


class ContextError(ModelError):
    """Even the least that a request must carry is larger than the model's context window."""


class FetchError(PaperCoderError):
    """Data of a benchmark cannot be fetched, or is not what it was or should be."""


class CostCapReached(PaperCoderError):
    """The next call might cost more than what is left of the cap."""

    exit_code = 3
