"""Cases whose input is a file in `inputs/`."""

import shutil
from pathlib import Path

from benchmarks.reading.kinds.case import Case

_INPUTS = Path(__file__).parent / "inputs"


def file_case(
    kind: str, name: str, holds: tuple[str, ...], *, lacks: tuple[str, ...] = (), warns: tuple[str, ...] = ()
) -> Case:
    """A case that reads one of the inputs."""
    return Case(kind, name, lambda folder: Path(shutil.copy(_INPUTS / name, folder)), holds, lacks, warns)
