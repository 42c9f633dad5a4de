"""Simulated judges: scores that follow from how much code is shown and from chance, and rubrics."""

import re
from random import Random

from papercoder.artifacts.evaluation import CodeCritique, Judgement, SelectedFiles
from papercoder.artifacts.rubric import LeafJudgement, RubricGroup, RubricGroups, WeighedItem
from papercoder.models.contract import Request
from papercoder.models.simulated.reading import listed_ids, shown_code, user_texts

FEW = 10
"""Fewer lines of code cannot be the method of a paper."""

MET = 0.5
"""The share of leaves that are met."""

_FILE = re.compile(r"^`([^`\n]+\.py)`:\n\n`{4,}\n +1 ", re.MULTILINE)

_RESULTS = re.compile(r"^- (\S+) \(\d+ results\)", re.MULTILINE)
_GROUP = 4
"""Items of a group."""

_SIZED = re.compile(r"^- (.+) \(\d+ tokens\)$", re.MULTILINE)


def judgement(request: Request, rng: Random, padding: str) -> Judgement:
    """1 without code, 2 with little code, else 3 or 4."""
    code = shown_code(request)
    if not code:
        missing = CodeCritique(file="", severity="high", critique=f"There is no code. {padding}".strip())
        return Judgement(critiques=(missing,), score=1)
    lines = sum(code.values())
    found = CodeCritique(file=rng.choice(sorted(code)), severity="medium", critique=f"Simulated. {padding}".strip())
    return Judgement(critiques=(found,), score=2 if lines < FEW else rng.choice((3, 4)))


def selected_files(request: Request, rng: Random, _padding: str) -> SelectedFiles:
    """All Python files that are listed, in random order."""
    paths = [path for text in user_texts(request) for path in _SIZED.findall(text)]
    code = [path for path in paths if path.endswith(".py")] or paths
    return SelectedFiles(paths=tuple(rng.sample(code, len(code))))


def leaf_judgement(request: Request, rng: Random, _padding: str) -> LeafJudgement:
    """Met at random, at the first line of a Python file that is shown; never met if none is."""
    shown = _FILE.findall("\n\n".join(message.text for message in request.messages))
    found = f"Simulated: `{rng.choice(shown)}:1`." if shown else "Simulated: no code is shown."
    return LeafJudgement(expected="Simulated.", found=found, met=bool(shown) and rng.random() < MET)


def rubric_groups(request: Request, rng: Random, padding: str) -> RubricGroups:
    """All that is listed, in groups of a few, with random weights."""
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
