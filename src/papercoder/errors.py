"""All errors that PaperCoder raises on purpose.

::

    PaperCoderError             one clear sentence: what, where, what to do
    ├── PaperError              the paper cannot be read                            exit 2
    ├── SettingsError           a flag, variable or settings file is invalid        exit 2
    ├── RunFolderError          the run folder is locked, read-only or full         exit 2
    │   └── ArtifactError       an artifact that the user edited is not valid       exit 2
    ├── SandboxError            the sandbox cannot be used                          exit 2
    ├── ModelError              a model did not give an answer                      exit 1
    │   ├── AnswerError         it gave no valid answer                             exit 1
    │   └── ContextError        the request exceeds the model's context window      exit 1
    ├── ReproductionError       the repository lists or runs no trials              exit 1
    ├── FetchError              data cannot be fetched                              exit 1
    └── CostCapReached          the next call might exceed --max-cost; resumable    exit 3
"""

import errno
from typing import ClassVar


class PaperCoderError(Exception):
    """The base class: its message is for the user and is shown without a traceback."""

    exit_code: ClassVar[int] = 1


class PaperError(PaperCoderError):
    """The paper is missing, damaged, unsafe or of an unknown kind."""

    exit_code = 2


class SettingsError(PaperCoderError):
    """A setting is invalid."""

    exit_code = 2


class RunFolderError(PaperCoderError):
    """The run folder cannot be used."""

    exit_code = 2


class ArtifactError(RunFolderError):
    """An artifact that the user edited is not valid for its type."""


class SandboxError(PaperCoderError):
    """The sandbox cannot be used on this machine."""

    exit_code = 2


class ModelError(PaperCoderError):
    """A model gave no answer after all retries."""


class AnswerError(ModelError):
    """A model gave no valid answer after all retries."""


class NotRecordedError(AnswerError):
    """A recording has no answer to a request; what is optional is left out without a warning."""


class ContextError(ModelError):
    """Even the shortest form of a request exceeds the model's context window."""


class ReproductionError(PaperCoderError):
    """The trials of a repository cannot be listed or run."""


class FetchError(PaperCoderError):
    """Data cannot be downloaded, or differ from what is expected."""


def os_error_sentence(error: OSError) -> str:
    """An error of the operating system that nothing else has explained, in one sentence."""
    reason = (error.strerror or str(error) or type(error).__name__).lower()
    where = f": {error.filename!r}" if error.filename is not None else ""
    advice = _OS_ADVICE.get(error.errno or 0, "Check the path, its permissions and the disk")
    return f"The operating system reports an error, {reason}{where[:300]}. {advice}, and run the command again."


_OS_ADVICE = {
    errno.ENOSPC: "Free some space on the disk",
    errno.EDQUOT: "Free some space within your quota",
    errno.EMFILE: "Raise the limit on open files with `ulimit -n`",
    errno.ENAMETOOLONG: "Use a shorter name",
}


class CostCapReached(PaperCoderError):
    """The next call might exceed the cost limit."""

    exit_code = 3
