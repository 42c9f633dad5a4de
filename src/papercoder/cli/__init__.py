"""The command line: thin and quick to start; each command imports what it needs when it is called."""

import logging
import sys

import typer

from papercoder.cli import bench as bench
from papercoder.cli import bench_compare as bench_compare
from papercoder.cli import bench_fetch as bench_fetch
from papercoder.cli import demo as demo
from papercoder.cli import evaluation as evaluation
from papercoder.cli import papers as papers
from papercoder.cli import rubrics as rubrics
from papercoder.cli import web as web
from papercoder.cli.interruption import INTERRUPTED, say
from papercoder.cli.options import app as app
from papercoder.errors import PaperCoderError


def main() -> None:
    """Run the command line; a PaperCoderError becomes one sentence and its exit code."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # users need no notices about its font cache
    try:
        app()
    except PaperCoderError as error:
        typer.echo(f"papercoder: {error}", err=True)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code in INTERRUPTED:
            say("interrupted; run the same command again to resume.")
        raise
