"""`papercoder demo`: the bundled example, with recorded answers in place of a model."""

from pathlib import Path
from typing import Annotated, Any

import typer

from papercoder.cli.interruption import run_interruptible
from papercoder.cli.options import PARTIAL, SandboxOption, app, new_console

_CLONE = Path(__file__).parents[3] / "examples" / "kiln"
_INSTALLED = Path(__file__).parents[1] / "example"
"""The same files: the wheel contains them as part of the package."""


@app.command()
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="Run folder.")] = Path("runs/kiln"),
    sandbox: SandboxOption = "auto",
) -> None:
    """Run the bundled example with recorded answers, up to the full reproduction. No API key, no cost."""
    from papercoder.generation import generate
    from papercoder.progress import progress
    from papercoder.settings import Settings
    from papercoder.terminal import show_report

    example = _INSTALLED if _INSTALLED.is_dir() else _CLONE
    chosen: dict[str, Any] = {"model": f"recorded:{example / 'recorded'}", "sandbox": sandbox, "reproduce": True}
    settings = Settings.model_construct(**chosen)  # without the user's settings, which the recorded answers may not fit
    with progress(new_console()) as listener:
        run_interruptible(generate(example / "paper.pdf", output, settings, [listener]))
    if show_report(output, new_console()).status != "complete":
        raise typer.Exit(PARTIAL)
