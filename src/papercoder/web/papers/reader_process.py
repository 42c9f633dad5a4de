"""Reads a paper in a process of its own: a file that breaks a reader must not end the page with it."""

import asyncio
import sys
import tempfile
from pathlib import Path

from papercoder.artifacts import Paper
from papercoder.errors import PaperError

_COMMAND = "from papercoder.cli import main; main()"
_LONGEST = 600.0
"""Seconds, arXiv's answers included."""


async def read_apart(source: str | Path) -> Paper:
    """Read a paper, as `papercoder read` does.

    Raises:
        PaperError: it cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="papercoder-") as folder:
        file = Path(folder) / "paper.json"
        said = await _run("read", "--json", "-o", str(file), "--", str(source))
        if not file.is_file():
            raise PaperError(_sentence(said) or f"{source} could not be read: the reader process crashed.")
        return Paper.model_validate_json(await asyncio.to_thread(file.read_bytes))


async def _run(*arguments: str) -> str:
    """What the command says on its error stream; it is ended where nobody waits any more."""
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
        _, said = await asyncio.wait_for(child.communicate(), _LONGEST)
    except TimeoutError as error:
        raise PaperError(f"{arguments[-1]} could not be read within {_LONGEST / 60:.0f} minutes.") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return said.decode("utf-8", "replace")


def _sentence(said: str) -> str:
    """The sentence with which the command ended."""
    lines = [line.removeprefix("papercoder: ") for line in said.splitlines() if line.startswith("papercoder: ")]
    return lines[-1] if lines else ""
