"""What a simulated judge says: a score that follows from how much code it is shown, and from chance."""

import re
from random import Random

from papercoder.artifacts.evaluation import CodeCritique, Judgement, SelectedFiles
from papercoder.models.contract import Request
from papercoder.models.simulated.reading import shown_code, user_texts

FEW = 10
"""Lines of code that are too few for the method of any paper."""

_SIZED = re.compile(r"^- (.+) \(\d+ tokens\)$", re.MULTILINE)


def judgement(request: Request, rng: Random, padding: str) -> Judgement:
    """1 where there is no code, 2 where there is little, else 3 or 4."""
    code = shown_code(request)
    if not code:
        missing = CodeCritique(file="", severity="high", critique=f"There is no code. {padding}".strip())
        return Judgement(critiques=(missing,), score=1)
    lines = sum(code.values())
    found = CodeCritique(file=rng.choice(sorted(code)), severity="medium", critique=f"Simulated. {padding}".strip())
    return Judgement(critiques=(found,), score=2 if lines < FEW else rng.choice((3, 4)))


def selected_files(request: Request, rng: Random, _padding: str) -> SelectedFiles:
    """All Python files that are listed, in an order of chance."""
    paths = [path for text in user_texts(request) for path in _SIZED.findall(text)]
    code = [path for path in paths if path.endswith(".py")] or paths
    return SelectedFiles(paths=tuple(rng.sample(code, len(code))))
