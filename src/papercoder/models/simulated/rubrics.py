"""Simulated answers of those who judge by a rubric, and of the one who drafts it."""

import re
from random import Random

from papercoder.artifacts.rubric import LeafJudgement, RubricGroup, RubricGroups, WeighedItem
from papercoder.models.contract import Request
from papercoder.models.simulated.reading import listed_ids

MET = 0.5
"""The share of leaves that are met."""

_FILE = re.compile(r"^`([^`\n]+\.py)`:\n\n`{4}\n +1 ", re.MULTILINE)

_RESULTS = re.compile(r"^- (\S+) \(\d+ results\)", re.MULTILINE)
_GROUP = 4
"""Items of a group."""


def leaf_judgement(request: Request, rng: Random, _padding: str) -> LeafJudgement:
    """Met or not by chance, at the first line of a Python file that is shown; never met where none is."""
    shown = _FILE.findall("\n\n".join(message.text for message in request.messages))
    found = f"Simulated: `{rng.choice(shown)}:1`." if shown else "Simulated: no code is shown."
    return LeafJudgement(expected="Simulated.", found=found, met=bool(shown) and rng.random() < MET)


def rubric_groups(request: Request, rng: Random, padding: str) -> RubricGroups:
    """All that is listed, in groups of a few, with weights of chance."""
    ids = [*listed_ids(request), *_RESULTS.findall("\n\n".join(message.text for message in request.messages))]
    items = [WeighedItem(id=name, weight=rng.randint(1, 3)) for name in ids]
    return RubricGroups(
        groups=tuple(
            RubricGroup(
                requirement=f"Part {start // _GROUP + 1} is there. {padding}".strip(),
                weight=rng.randint(1, 3),
                items=tuple(items[start : start + _GROUP]),
            )
            for start in range(0, len(items), _GROUP)
        )
    )
