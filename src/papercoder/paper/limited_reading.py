"""Reads a paper in a process of its own, within limits of time and memory, whatever its format."""

import json
import subprocess
import sys
from pathlib import Path

from papercoder.artifacts import Paper
from papercoder.errors import PaperError
from papercoder.paper.files import kind_of
from papercoder.paper.reading import read

TIME_LIMIT = 300.0
"""Seconds for one paper."""

MEMORY_LIMIT = 4 << 30
"""Bytes of address space."""

_SMALL = 256 * 1024
"""Bytes up to which a text is read in this process: no reader takes long for it."""


def read_within_limits(source: str | Path) -> Paper:
    """Read a paper, as `read` does.

    Raises:
        PaperError: as for `read`; or reading took too much time or memory.
    """
    if _is_small(Path(source)):
        return read(source)
    command = [sys.executable, "-P", "-m", "papercoder.paper.limited_reading", str(source)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired as error:
        message = f"{source}: reading took more than {TIME_LIMIT:.0f} s; give the paper in another format."
        raise PaperError(message) from error
    if done.returncode == PaperError.exit_code:
        raise PaperError(json.loads(done.stdout))
    if done.returncode:
        raise PaperError(
            f"{source}: the reader ended with exit code {done.returncode}, perhaps because it had not enough memory; "
            "give the paper in another format."
        )
    return Paper.model_validate_json(done.stdout)


def _is_small(path: Path) -> bool:
    """Whether this is a text that is small, also after unpacking and with what it includes."""
    try:
        if not path.is_file() or path.stat().st_size > _SMALL:
            return False
        return kind_of(path.read_bytes(), path.name) not in {"gzip", "tar", "zip", "latex"}
    except OSError:  # reading it explains the problem
        return True


def main() -> int:
    """`limited_reading SOURCE`: print the paper as JSON, or the reason why it cannot be read."""
    _limit_memory()
    try:
        paper = read(sys.argv[1])
    except PaperError as error:
        sys.stdout.write(json.dumps(str(error)))
        return PaperError.exit_code
    sys.stdout.write(paper.model_dump_json())
    return 0


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - it exists on Unix only
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, hard))


if __name__ == "__main__":
    sys.exit(main())
