"""Save a user's edit of an artifact."""

import stat
from pathlib import Path

from papercoder.errors import RunFolderError
from papercoder.runs.folder import is_outside, lock, read_text
from papercoder.runs.store import write_synced


def save(folder: Path, artifact: str, before: str | None, text: str | None) -> None:
    """Write `text` to an artifact that had the text `before` when the user opened it; None means no file.

    Raises:
        RunFolderError: it has changed since, another process is using the folder, the path leads out of the folder, or
            the file cannot be written.
    """
    path = folder / artifact
    if ".." in Path(artifact).parts or is_outside(path, folder):
        raise RunFolderError(f"{artifact} leads out of {folder}, so it was not written.")
    with lock(folder):
        if read_text(path) != before:
            raise RunFolderError(
                f"{artifact} has changed since you opened it. Nothing was written: copy your text, reload the page and "
                "paste it there."
            )
        if text is None:
            path.unlink(missing_ok=True)
            return
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        write_synced(path, text)
        if mode is not None:
            path.chmod(mode)
