"""The command line: thin and quick to start; each command imports what it needs when it is called."""

import logging
import sys
import threading
import traceback

from papercoder.cli import bench as bench
from papercoder.cli import data as data
from papercoder.cli import evaluation as evaluation
from papercoder.cli import papers as papers
from papercoder.cli import reproduce as reproduce
from papercoder.cli import servers as servers
from papercoder.cli.options import INTERRUPTED, echo, say
from papercoder.cli.options import app as app
from papercoder.errors import PaperCoderError, RunFolderError, os_error_sentence
from papercoder.text.characters import visible


class _VisibleFormatter(logging.Formatter):
    """Log records with hidden characters made visible, since they may quote papers and generated code."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


def _print_traceback(error: BaseException | None) -> None:
    """Print the traceback of an unexpected error, which is a bug, with hidden characters made visible."""
    if error:
        echo("".join(traceback.format_exception(error)), err=True, nl=False)


def main() -> None:
    """Run the command line; an error of PaperCoder or of the operating system becomes one sentence and an exit code."""
    sys.excepthook = lambda kind, error, trace: _print_traceback(error)  # noqa: ARG005
    sys.unraisablehook = lambda unraisable: _print_traceback(unraisable.exc_value)
    threading.excepthook = lambda ended: _print_traceback(ended.exc_value)
    logging.captureWarnings(True)
    handler = logging.StreamHandler()
    handler.setFormatter(_VisibleFormatter())
    logging.basicConfig(handlers=[handler])
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # users need no notices about its font cache
    try:
        app()
    except PaperCoderError as error:
        say(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        say(os_error_sentence(error))
        sys.exit(RunFolderError.exit_code)
    except SystemExit as end:
        if end.code in INTERRUPTED:
            say("interrupted; run the same command again to resume.")
        raise
