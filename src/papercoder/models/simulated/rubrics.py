"""Simulated answers of those who judge by a rubric, and of the one who drafts it."""

import re
from random import Random

from papercoder.artifacts.rubric import LeafJudgement
from papercoder.models.contract import Request

MET = 0.5
"""The share of leaves that are met."""

_FILE = re.compile(r"^`([^`\n]+\.py)`:\n\n`{4}\n +1 ", re.MULTILINE)


def leaf_judgement(request: Request, rng: Random, _padding: str) -> LeafJudgement:
    """Met or not by chance, at the first line of a Python file that is shown; never met where none is."""
    shown = _FILE.findall("\n\n".join(message.text for message in request.messages))
    found = f"Simulated: `{rng.choice(shown)}:1`." if shown else "Simulated: no code is shown."
    return LeafJudgement(expected="Simulated.", found=found, met=bool(shown) and rng.random() < MET)
