"""Judges by critique: samples of their own, each paid once; what is no judgement is counted and named."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder.artifacts import CritiqueScore, Judgement, JudgeName, SourceFile
from papercoder.errors import ContextError, SettingsError
from papercoder.evaluation.critiques import judge
from papercoder.evaluation.shown import Files
from papercoder.models.contract import Request
from papercoder.run import Run, step_store
from tests.scripted import CODE
from tests.support import MODEL_PY, PAPER, Says, Scripted, asking, tree

GOLD = (SourceFile(path="authors.py", text="WEIGHT = 1.0  # theirs\n"),)


def judgement(score: int, *critiques: tuple[str, str]) -> Judgement:
    return Judgement.model_validate(
        {
            "critiques": [{"file": file, "severity": severity, "critique": "Wrong."} for file, severity in critiques],
            "score": score,
        }
    )


def by_sample(*scores: int) -> Callable[[Request], Judgement]:
    """The scores of the first sample, the second and so on."""
    return lambda request: judgement(scores[number_of(request) - 1])


def number_of(request: Request) -> int:
    return int(request.subject.removeprefix("sample "))


def model_of(says: Says | list[Says], **more: Says) -> Scripted:
    return Scripted({"judge_free": says, "judge_plain": says, "judge_based": says, **more})


def judged(
    folder: Path,
    model: Scripted,
    name: JudgeName = "reference-free",
    repository: Files = CODE,
    gold: Files = (),
    samples: int = 3,
    paths: tuple[str, ...] = (),
) -> CritiqueScore:
    run = Run(folder, asking(model), lambda _: None, step_store(folder))
    paths = paths or tuple(file.path for file in repository)
    return asyncio.run(judge(run, name, PAPER, repository, paths, gold, samples))


def test_each_sample_is_a_call_of_its_own_and_the_score_is_their_mean(tmp_path: Path) -> None:
    model = model_of(by_sample(2, 3, 4))
    score = judged(tmp_path, model)
    assert sorted(request.subject for request in model.of("judge_free")) == ["sample 1", "sample 2", "sample 3"]
    assert [sample.score for sample in score.samples] == [2, 3, 4]
    assert score.score is not None
    assert (score.score.mean, score.score.n) == (3, 3)
    assert score.score.low == pytest.approx(3 - 4.303 / 3**0.5, abs=1e-3)
    assert score.invalid == ()
    assert (tmp_path / "judges" / "reference-free" / "3.json").is_file()


def test_samples_that_were_made_cost_nothing_again(tmp_path: Path) -> None:
    first = judged(tmp_path, model_of(by_sample(2, 3, 4)), samples=2)
    model = model_of(by_sample(5, 5, 4))
    score = judged(tmp_path, model, samples=3)
    assert [request.subject for request in model.requests] == ["sample 3"]
    assert score.samples[:2] == first.samples
    assert judged(tmp_path, model, samples=1).samples == first.samples[:1]
    assert len(model.requests) == 1
