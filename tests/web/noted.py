"""PaperCoder on a machine with Ray and Slurm that notes how a reproduction is started instead of running trials."""

from collections.abc import Iterable
from pathlib import Path

from papercoder.artifacts.reproduction import ReproductionOptions
from papercoder.cli import main
from papercoder.runs.events import Emit
from papercoder.web.parts import actions
from papercoder.web.runs import active

OPTIONS = "options.json"
"""File in the run folder with the options of the last start."""


async def _note(folder: Path, options: ReproductionOptions, listeners: Iterable[Emit], *, retry_failed: bool) -> None:
    (folder / OPTIONS).write_text(options.model_dump_json(), encoding="utf-8")


if __name__ == "__main__":
    active.reproduce_run = _note  # type: ignore[assignment]
    actions.installed_places = lambda: ("local", "ray", "slurm")
    main()
