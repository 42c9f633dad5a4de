"""A simulated judge by rubric meets nothing where there is no code; a simulated draft groups all that is listed."""

import asyncio
from pathlib import Path

from papercoder.artifacts import RubricScore, SourceFile
from papercoder.evaluation.repository_view import Files, Observations
from papercoder.evaluation.rubric import assemble, group
from papercoder.evaluation.rubric_judge import judge_rubric
from papercoder.models.simulated import Simulated
from papercoder.runs.folder import step_store
from papercoder.runs.run import Run
from tests.evaluation.test_rubric import CLAIMS, NEEDS
from tests.evaluation.trees import leaf, node
from tests.scripted import CODE
from tests.support import PAPER, make_agents

MODEL = Simulated("simulated:speed=1000000")
RUBRIC = node("root", *(leaf(f"leaf {number}") for number in range(40)))
CONFIG = (SourceFile(path="config.yaml", text="seed: 0\n"),)


def judged(folder: Path, repository: Files) -> RubricScore:
    run = Run(folder, make_agents(MODEL), lambda _: None, step_store(folder))
    paths = tuple(file.path for file in repository)
    return asyncio.run(judge_rubric(run, PAPER, RUBRIC, repository, paths, Observations()))


def test_some_leaves_are_met_where_there_is_code_and_none_where_there_is_not(tmp_path: Path) -> None:
    assert 0.2 < judged(tmp_path / "code", CODE).score < 0.8
    assert judged(tmp_path / "config", CONFIG).score == 0.0


def test_every_requirement_and_table_is_grouped() -> None:
    groups = asyncio.run(group(make_agents(MODEL), PAPER, NEEDS, CLAIMS))
    assert {each.id for each in assemble(PAPER, NEEDS, CLAIMS, groups).leaves} == {
        *(item.id for item in NEEDS.items),
        *(item.id for item in CLAIMS.items),
    }
