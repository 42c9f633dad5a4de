"""Read a paper in its own process, so that a file that crashes the reader does not stop the page."""

import asyncio
import sys
from pathlib import Path

from papercoder.artifacts import Paper
from papercoder.errors import PaperError
from papercoder.files.temporary import temporary_folder

_COMMAND = "from papercoder.cli import main; main()"
_TIMEOUT = 600.0
"""Seconds, including downloads from arXiv."""


async def read_in_process(source: str | Path) -> Paper:
    """Read a paper, as `papercoder read` does.

    Raises:
        PaperError: it cannot be read.
    """
    with temporary_folder() as folder:
        file = folder / "paper.json"
        stderr = await _run("read", "--json", "-o", str(file), "--", str(source))
        if not file.is_file():
            raise PaperError(_error_message(stderr) or f"{source} could not be read: the reader process crashed.")
        return Paper.model_validate_json(await asyncio.to_thread(file.read_bytes))


async def _run(*arguments: str) -> str:
    """The command's standard error. The process is killed if this is cancelled."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-c",
        _COMMAND,
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, stderr = await asyncio.wait_for(child.communicate(), _TIMEOUT)
    except TimeoutError as error:
        raise PaperError(f"{arguments[-1]} could not be read within {_TIMEOUT / 60:.0f} minutes.") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return stderr.decode("utf-8", "replace")


def _error_message(stderr: str) -> str:
    """The last error message of the command."""
    lines = [line.removeprefix("papercoder: ") for line in stderr.splitlines() if line.startswith("papercoder: ")]
    return lines[-1] if lines else ""
