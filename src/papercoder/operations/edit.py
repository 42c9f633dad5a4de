"""Save a user's edit of an artifact."""

import stat
from pathlib import Path

from papercoder.errors import RunFolderError
from papercoder.files.regular import delete, file_status, read_text, write
from papercoder.runs.folder import lock


def save(folder: Path, artifact: str, before: str | None, text: str | None) -> None:
    """Write `text` to an artifact that had the text `before` when the user opened it; None means no file.

    Raises:
        RunFolderError: it has changed since, another process is using the folder, the path leads out of the folder, or
            the file cannot be written.
    """
    with lock(folder):
        if read_text(folder, artifact) != before:
            raise RunFolderError(
                f"{artifact} has changed since you opened it. Nothing was written: copy your text, reload the page and "
                "paste it there."
            )
        if text is None:
            delete(folder, artifact)
            return
        status = file_status(folder, artifact)
        write(folder, artifact, text, stat.S_IMODE(status.st_mode) if status else None)
