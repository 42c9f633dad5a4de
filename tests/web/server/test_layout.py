"""Messages of the commands in the words of the page: no flag, and no path of the server."""

import re

import pytest

from papercoder.web.server.layout import for_page


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "coding a: $1.0 is spent and the next call may cost up to $0.5, which exceeds the cap of $1. Run the same "
            "command with a higher --max-cost to resume.",
            "which exceeds the cap of $1. Raise the cost limit, then press Resume.",
        ),
        (
            "/srv/runs/kiln has no planning/logic.json yet. Run `papercoder run PAPER -o /srv/runs/kiln` to make it.",
            "kiln has no planning/logic.json yet. Press Resume to make it.",
        ),
        (
            "Another process (pid 12) is using /srv/runs/kiln. Wait until it ends, or choose another folder with -o.",
            "Another process (pid 12) is using kiln. Wait until it ends, or choose another name.",
        ),
        (
            "--reference https://git.test/o/code was not used, because the blacklist names o/code; leave it out, or "
            "correct --blacklist.",
            "leave it out, or correct the blacklist.",
        ),
        (
            "Give fewer CPUs (RAY_TMPDIR sets another), or run without --on ray.",
            "or choose this machine for the trials.",
        ),
        ("--claims: the paper has no claim C99; its claims are in planning/claims.json.", "Claims: the paper has no"),
        ("--data mnist=/tmp/none: there are no files. Give a file or a folder with files.", "mnist=none: there are no"),
        ("Choose a model with a larger context window, or lower --max-tokens.", "or lower the limit of tokens."),
        (
            "Get it at https://example.org/a/b/c.html or in repo/kiln/data.py.",
            "https://example.org/a/b/c.html or in repo/",
        ),
    ],
)
def test_a_message_says_what_to_press(message: str, expected: str) -> None:
    shown = for_page(message)
    assert expected in shown
    assert not re.search(r"--[a-z]|(?<![\w:/.])/(home|srv|tmp)", shown)
