"""The interpreter that environments are built on, where a sandbox shows this machine's own."""

import platform
import sys
from pathlib import Path


def base_python() -> Path:
    """PaperCoder's own interpreter, below any virtual environment."""
    return Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"


def this_system() -> str:
    """Interpreter and platform, which an environment depends on."""
    return f"Python {platform.python_version()} on {sys.platform} {platform.machine()}"
