"""`papercoder demo`: the bundled example, with recorded answers in place of a model."""

from pathlib import Path
from typing import Annotated

import typer

from papercoder.cli.interruption import run_interruptible
from papercoder.cli.options import OutcomeOption, QuietOption, SandboxOption, app, end_with_outcome, new_console
from papercoder.errors import SettingsError


@app.command()
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="Run folder.")] = Path("runs/kiln"),
    sandbox: SandboxOption = None,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run the bundled example with recorded answers, up to the full reproduction. No API key, no cost."""
    from papercoder.console.progress import progress
    from papercoder.operations.generate import example, generate

    bundled = example()
    if bundled is None:
        raise SettingsError("This installation does not contain the example; reinstall papercoder.")
    console = new_console(stderr=as_json, quiet=quiet)
    with progress(console, "run", output) as listener:
        run_interruptible(generate(bundled.paper, output, bundled.settings(sandbox), [listener]))
    end_with_outcome(output, console, as_json=as_json)
