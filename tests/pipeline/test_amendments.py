"""Assumptions that a review finds untenable: corrected once in requirements, plan and code, and reported."""

import asyncio
import re
from pathlib import Path

import pytest

from papercoder.artifacts import Amendments, CheckReport, Location, ProposedAmendment, Requirements, Verdict, Verdicts
from papercoder.models.contract import Request
from papercoder.operations.generate import generate
from papercoder.pipeline.adoption import REPORT
from papercoder.runs.folder import load
from papercoder.settings import Settings
from papercoder.stages.amendment import AmendedRequirement, Amendment
from papercoder.stages.planning.requirements import RequirementChanges
from tests.scripted import block, executing, fenced, play, project
from tests.support import EXPERIMENTS_PY, MODEL_PY, architecture, calls_made, draft

ZERO, ONE = "The weight starts at zero.", "The weight starts at one."
START = draft(statement=ZERO, anchor="2", quote="", status="assumed", alternatives=("It starts at random.",))
CODE = f"{MODEL_PY}\n\ndef start() -> float:\n    # R3: the first weight\n    return 0.0\n"


def review(request: Request) -> Verdicts:
    """Everything is implemented; a weight of zero is against the paper, and later one of one is too."""
    asked = re.findall(r"^- (R\d) \(", request.messages[-1].text, re.MULTILINE)
    where = (Location(path=request.subject, line=1),)
    proposals = [
        ProposedAmendment(requirement="R3", statement=new, reason="No gradient.", anchor="2¶1", quote=quote)
        for old, new, quote in ((ZERO, ONE, ""), (ONE, "The weight starts at two.", ""))
        if old in request.text and request.subject == "tinyfit/model.py"
    ]
    return Verdicts(
        verdicts=tuple(Verdict(requirement=name, verdict="implemented", evidence=where) for name in asked),
        amendments=tuple(proposals[-1:]),
    )


def amendment(request: Request) -> Amendment:
    assert f"R3 must be: {ONE} Reason: No gradient." in request.text
    return Amendment(
        requirements=(AmendedRequirement(id="R3", kind="method", statement=ONE, owner="tinyfit/model.py"),)
    )


def coding(request: Request) -> str:
    return fenced(CODE if request.subject == "tinyfit/model.py" else EXPERIMENTS_PY)


def analysis(request: Request) -> str:
    return f"# {request.subject}\n\n- R1, R2, R3: as the paper says.\n"


def test_an_assumption_is_corrected_once_and_the_next_proposal_is_only_reported(
    monkeypatch: pytest.MonkeyPatch, paper_file: Path, tmp_path: Path
) -> None:
    for room in ("pipeline.rounds", "pipeline.pipeline"):
        monkeypatch.setattr(f"papercoder.{room}.check", lambda _: CheckReport(files=2, checks=()))
    answers = project(
        gaps=RequirementChanges(add=(START,)),
        architecture=architecture(model=("R1", "R3"), experiments=("R2",)),
        analysis=analysis,
        coding=coding,
        review=review,
        amend=amendment,
        implement=block("tinyfit/model.py", "    return 0.0\n", "    return 1.0\n"),
    )
    model = play(monkeypatch, answers)
    executing(monkeypatch, lambda _: None)
    settings = Settings.model_validate({"refine": 0})
    repository = asyncio.run(generate(paper_file, tmp_path, settings))
    assert "return 1.0" in {file.path: file.text for file in repository.files}["tinyfit/model.py"]
    (changed,) = load(tmp_path, "planning/requirements.json", Requirements).pick(["R3"])
    assert (changed.statement, changed.status) == (ONE, "assumed")
    assert changed.alternatives == ("It starts at random.", ZERO)
    first, second = load(tmp_path, REPORT, Amendments).items
    assert (first.status, first.former, second.status) == ("applied", ZERO, "rejected")
    assert "once in this run already" in second.reason
    made = calls_made(tmp_path)
    assert made["coding", "tinyfit/model.py"] == 1
    assert [re.findall("Requirements of `(.*)`:", request.text) for request in model.of("review")] == [
        ["tinyfit/model.py", "tinyfit/experiments.py"],
        ["tinyfit/model.py"],
    ], "what the change does not touch is not reviewed again"
    asyncio.run(generate(paper_file, tmp_path, settings))
    assert calls_made(tmp_path) == made
