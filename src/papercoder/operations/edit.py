"""A user's edit of an artifact, put into the run folder."""

import stat
from pathlib import Path

from papercoder.errors import RunFolderError
from papercoder.runs.folder import is_outside, lock, read_text
from papercoder.runs.store import write_synced


def save(folder: Path, artifact: str, before: str | None, text: str | None) -> None:
    """Write an artifact that held `before` when the user began; None: there is no such file, then or from now on.

    Raises:
        RunFolderError: it was changed since by someone else, another process works in the folder, the name leads out
            of it, or it cannot be written.
    """
    path = folder / artifact
    if ".." in Path(artifact).parts or is_outside(path, folder):
        raise RunFolderError(f"{artifact} leads out of {folder}; nothing outside it is written.")
    with lock(folder):
        if read_text(path) != before:
            raise RunFolderError(
                f"{artifact} was changed since you opened it. Nothing was written: copy what you wrote, "
                "load the page again and put it in there."
            )
        if text is None:
            path.unlink(missing_ok=True)
        else:
            _write(path, text)


def _write(path: Path, text: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
    write_synced(path, text)
    if mode is not None:
        path.chmod(mode)
