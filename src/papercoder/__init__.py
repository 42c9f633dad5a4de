"""Turn a machine-learning paper into a code repository in which every requirement is traced to the paper.

::

    import asyncio
    from pathlib import Path

    import papercoder

    paper = papercoder.read("paper.pdf")
    settings = papercoder.Settings(model="anthropic:claude-sonnet-5-5", max_cost=2.50)
    repository = asyncio.run(papercoder.generate("paper.pdf", Path("runs/paper"), settings))
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from papercoder.artifacts import Paper as Paper
    from papercoder.artifacts import Repository as Repository
    from papercoder.artifacts import Requirements as Requirements
    from papercoder.errors import PaperCoderError as PaperCoderError
    from papercoder.operations.generate import generate as generate
    from papercoder.paper.reading import read as read
    from papercoder.runs.overview import report as report
    from papercoder.settings import Settings as Settings
    from papercoder.stages.checking import check as check

_MODULES = {
    "Paper": "artifacts",
    "PaperCoderError": "errors",
    "Repository": "artifacts",
    "Requirements": "artifacts",
    "Settings": "settings",
    "check": "stages.checking",
    "generate": "operations.generate",
    "read": "paper.reading",
    "report": "runs.overview",
}
"""Public name -> its module, which is imported when the name is first used."""

__all__ = ["Paper", "PaperCoderError", "Repository", "Requirements", "Settings", "check", "generate", "read", "report"]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'papercoder' has no attribute {name!r}")
    return getattr(import_module(f"papercoder.{_MODULES[name]}"), name)
