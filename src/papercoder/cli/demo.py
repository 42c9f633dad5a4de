"""`papercoder demo`: the bundled example, with recorded answers in place of a model."""

from pathlib import Path
from typing import Annotated

import typer

from papercoder.cli.interruption import run_interruptible
from papercoder.cli.options import PARTIAL, SandboxOption, app, new_console
from papercoder.errors import SettingsError


@app.command()
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="Run folder.")] = Path("runs/kiln"),
    sandbox: SandboxOption = None,
) -> None:
    """Run the bundled example with recorded answers, up to the full reproduction. No API key, no cost."""
    from papercoder.console.progress import progress
    from papercoder.console.terminal import show_report
    from papercoder.operations.example import example
    from papercoder.operations.generate import generate

    bundled = example()
    if bundled is None:
        raise SettingsError("This installation does not contain the example; reinstall papercoder.")
    with progress(new_console()) as listener:
        run_interruptible(generate(bundled.paper, output, bundled.settings(sandbox), [listener]))
    if show_report(output, new_console()).status != "complete":
        raise typer.Exit(PARTIAL)
