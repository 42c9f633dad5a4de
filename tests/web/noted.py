"""PaperCoder on a machine with Ray and Slurm that notes how a reproduction is started instead of running trials."""

from collections.abc import Iterable
from pathlib import Path
from unittest.mock import patch

from papercoder.artifacts.reproduction import ReproductionOptions, TrialPlaceName
from papercoder.cli import main
from papercoder.runs.events import Emit

OPTIONS = "options.json"
"""File in the run folder with the options of the last start."""


async def _note(folder: Path, options: ReproductionOptions, listeners: Iterable[Emit], *, retry_failed: bool) -> None:
    (folder / OPTIONS).write_text(options.model_dump_json(), encoding="utf-8")


def _places() -> tuple[TrialPlaceName, ...]:
    return "local", "ray", "slurm"


if __name__ == "__main__":
    with (
        patch("papercoder.web.runs.active.reproduce_run", _note),
        patch("papercoder.web.parts.actions.installed_places", _places),
    ):
        main()
