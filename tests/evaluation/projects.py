"""A tiny repository to judge, and judges whose every answer follows from what they are shown."""

import re
from pathlib import Path

from papercoder.artifacts import CodeCritique, Judgement, LeafJudgement
from papercoder.models.contract import Request
from tests.support import MAIN_PY, MODEL_PY, Says

RUBRIC = """\
{"id": "root", "requirements": "TinyFit is reproduced.", "weight": 1, "sub_tasks": [
  {"id": "model", "requirements": "The prediction is w x.", "weight": 3, "task_category": "Code Development"},
  {"id": "run", "requirements": "It runs.", "weight": 1, "task_category": "Code Execution"}]}
"""


def write_repository(folder: Path) -> Path:
    """`model.py`, `main.py`, `config.yaml`."""
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(MODEL_PY, encoding="utf-8")
    (folder / "main.py").write_text(MAIN_PY, encoding="utf-8")
    (folder / "config.yaml").write_text("training:\n  learning_rate: 0.05\n", encoding="utf-8")
    return folder


def discerning(request: Request) -> Judgement:
    """A judge that reads: 5 for the right equation in its place, 4 for a wrong one, 2 for misplaced code, else 1."""
    shown = request.text.partition("# The repository to judge")[2]
    model = re.search(r"`model\.py`:\n\n````\n(.*?)\n````", shown, re.DOTALL)
    if model is None:
        return Judgement(score=1)
    if "def predict" not in model[1]:
        return Judgement(score=2)
    if "return w * x" in model[1]:
        return Judgement(score=5)
    wrong = CodeCritique(file="model.py", function="predict", severity="medium", critique="It divides <b>by x</b>.")
    return Judgement(critiques=(wrong,), score=4)


def praising(_: Request) -> Judgement:
    """A judge that likes everything."""
    return Judgement(score=5)


MET = LeafJudgement(expected="`predict` returns w * x.", found="`model.py:3` returns it.", met=True)


MISSING = LeafJudgement(expected="`predict` returns w * x.", found="Nothing does.", met=False)


def judges(free: Says = discerning, leaf: Says = MET) -> dict[str, Says | list[Says]]:
    """Agent -> answers, for all judges."""
    return {"judge_free": free, "judge_plain": free, "judge_based": free, "judge_leaf": leaf}
