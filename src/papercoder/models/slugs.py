"""File names for what a call is about: different names for different subjects, even where case does not count."""

import re

_KEPT = re.compile(r"[^a-z0-9._/-]")
_LIKE_A_ROUND = re.compile(r"\.(?=(?:round|turn)\d+$)")


def slug(subject: str) -> str:
    """Small letters, digits, `.`, `_` and `-` as they are, `/` as `+`, all else as `~` and its bytes; `_` for ''."""
    if subject in {"", "_"}:
        return "~5f" if subject else "_"
    kept = _KEPT.sub(lambda found: "".join(f"~{byte:02x}" for byte in found[0].encode()), subject)
    return _LIKE_A_ROUND.sub("~2e", kept).replace("/", "+")


def answer_name(subject: str, round_: int, turn: int = 1) -> str:
    """The name of an answer's file: `model.py.md`; after two refusals `model.py.round2.md`.

    `turn` tells the questions apart that share subject and round: the second one's answer is `model.py.turn2.md`.
    """
    refused = f".round{round_}" if round_ else ""
    again = f".turn{turn}" if turn > 1 else ""
    return f"{slug(subject)}{refused}{again}.md"
