"""A simulated judge can be asked as any other, and knows no code from some."""

import asyncio
from pathlib import Path

from papercoder.artifacts import CritiqueScore, JudgeName, SourceFile
from papercoder.evaluation.critique import judge, select_files
from papercoder.evaluation.repository_view import Files
from papercoder.models.simulated import Simulated
from papercoder.runs.folder import step_store
from papercoder.runs.run import Run
from tests.scripted import CODE
from tests.support import PAPER, make_agents

CONFIG = (SourceFile(path="config.yaml", text="seed: 0\n" * 50), SourceFile(path="empty.py", text=""))
LITTLE = (SourceFile(path="main.py", text="print('1')\n"),)


def judged(folder: Path, repository: Files, name: JudgeName = "reference-free", seed: int = 0) -> CritiqueScore:
    model = Simulated(f"simulated:speed=1000000,seed={seed}")
    run = Run(folder, make_agents(model), lambda _: None, step_store(folder))
    return asyncio.run(judge(run, name, PAPER, repository, tuple(file.path for file in repository), CODE, samples=8))


def scores(score: CritiqueScore) -> list[int]:
    assert score.invalid == ()
    return [sample.score for sample in score.samples]


def test_what_has_no_code_gets_the_lowest_score_and_more_code_more(tmp_path: Path) -> None:
    assert scores(judged(tmp_path / "none", ())) == [1] * 8
    assert scores(judged(tmp_path / "config", CONFIG)) == [1] * 8
    assert scores(judged(tmp_path / "little", LITTLE)) == [2] * 8
    assert set(scores(judged(tmp_path / "code", CODE))) == {3, 4}


def test_the_authors_code_is_not_taken_for_the_judged(tmp_path: Path) -> None:
    assert scores(judged(tmp_path / "none", CONFIG, "reference-based")) == [1] * 8
    assert set(scores(judged(tmp_path / "code", CODE, "reference-based"))) == {3, 4}


def test_seeds_differ_and_one_gives_the_same(tmp_path: Path) -> None:
    first, again, other = (
        scores(judged(tmp_path / name, CODE, "reference-free-plain", seed))
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    assert first == again != other


def test_files_are_selected_from_the_list() -> None:
    sizes = {"a.py": 10, "b c.py": 20, "notes.md": 5}
    model = Simulated("simulated:speed=1000000")
    selected = asyncio.run(select_files(make_agents(model), PAPER, "the repository", sizes))
    assert sorted(selected.paths) == ["a.py", "b c.py"]
    assert asyncio.run(select_files(make_agents(model), PAPER, "it", {"notes.md": 5})).paths == ("notes.md",)
