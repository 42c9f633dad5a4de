""""""

import ast
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from papercoder.agents.files import FileBlocks
from papercoder.agents.prompts import Prompts
from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    Critique,
    CritiqueScore,
    Equation,
    ExperimentConfig,
    FigureDraft,
    JudgeName,
    LogicDesign,
    OverallPlan,
    Paragraph,
    RequirementDrafts,
    Section,
    SourceFile,
    TrialList,
    TrialResult,
)
from papercoder.errors import SettingsError
from papercoder.evaluation.critique import judge, select_files
from papercoder.evaluation.repository_view import Files
from papercoder.models.contract import Answer, Message, Request, TransientError, count_tokens
from papercoder.models.retries import ContinuingModel
from papercoder.models.simulated import Simulated, model
from papercoder.models.simulated.project import BARE_LAST_FILE, LAST_FILE, build_graph
from papercoder.runs.folder import step_store
from papercoder.runs.run import Run
from papercoder.stages.packaging.files import shipped
from tests.models.fakes import ask
from tests.scripted import CODE
from tests.support import PAPER, make_agents

FAST = "simulated:files=10,speed=1000000"
LISTED = "# The requirements\n\n- R1 (method, stated): a [1¶1]\n- R12 (data, stated): an R2 of 0.9 [1¶2]\n"


def question(agent: str, subject: str = "", text: str = "", **more: object) -> Request:
    return ask(agent=agent, subject=subject, text=text or LISTED, max_tokens=16_000, **more)


def answer(spec: str, request: Request) -> Answer:
    return asyncio.run(Simulated(spec).answer(request))


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ("figure", FigureDraft),
        ("overall_plan", OverallPlan),
        ("architecture", ArchitectureDesign),
        ("logic", LogicDesign),
        ("config", ExperimentConfig),
        ("verify", Critique),
        ("requirements", RequirementDrafts),
        ("gaps", RequirementDrafts),
    ],
)
def test_every_agent_gets_an_artifact_of_its_kind(agent: str, kind: type[Artifact]) -> None:
    kind.model_validate_json(answer(FAST, question(agent)).text)


@pytest.mark.parametrize(
    ("agent", "subject", "size"),
    [
        ("overall_plan", "", 1500),
        ("architecture", "", 1500),
        ("analysis", LAST_FILE, 1500),
        ("coding", LAST_FILE, 2000),
    ],
)
def test_answers_have_the_size_that_was_asked_for(agent: str, subject: str, size: int) -> None:
    given = answer(FAST, question(agent, subject))
    assert count_tokens(given.text) == pytest.approx(size, rel=0.1)
    assert given.usage.completion == pytest.approx(size, rel=0.1)


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    def said(spec: str, attempt: int = 0) -> str:
        return answer(spec, question("overall_plan", round=attempt)).text

    assert said(FAST) == said(FAST)
    assert len({said(FAST), said(f"{FAST},seed=1"), said(FAST, 1)}) == 3


def test_every_listed_requirement_has_one_owner() -> None:
    design = ArchitectureDesign.model_validate_json(answer(FAST, question("architecture")).text)
    assert sorted(name for file in design.files for name in file.owns) == ["R1", "R12"]
    none = ArchitectureDesign.model_validate_json(answer(FAST, question("architecture", text="an R2 of 0.9")).text)
    assert not any(file.owns for file in none.files)


def test_quotes_are_the_sections_own_words() -> None:
    words = Paragraph(
        anchor="3.2¶1", text="We train with Adam, a rate of 0.001 and a batch of 32 for ten epochs in all."
    )
    section = Section(
        anchor="3.2", level=2, title="Training", blocks=(words, Equation(anchor="eq:1", text="a = b + c", number="1"))
    )
    other = Section(anchor="3.3", level=2, title="Other", blocks=(Paragraph(anchor="3.3¶1", text="Elsewhere."),))
    text = f"The part:\n\n{section.render()}\n\n{other.render()}"
    for seed in range(5):
        given = answer(f"{FAST},seed={seed}", question("requirements", "3.2", text)).text
        drafts = RequirementDrafts.model_validate_json(given).requirements
        assert drafts[0].anchor == "3.2¶1"
        assert drafts[0].quote in words.text
        assert {draft.anchor for draft in drafts} <= {"3.2¶1", "eq:1"}


def test_the_invented_project_runs_and_bears_its_marks(tmp_path: Path) -> None:
    task = "Write it.\n\nRequirements that this file owns; each is marked:\n\n- R1 (method): a\n- R7 (data): an R2\n"
    logic = LogicDesign.model_validate_json(answer(FAST, question("logic")).text)
    for file in logic.files:
        text = answer(FAST, question("coding", file.path, task)).text
        code = text.removeprefix("```python\n").removesuffix("```\n")
        ast.parse(code)
        assert "# R1: " in code
        assert "# R7: " in code
        assert "# R2: " not in code
        (tmp_path / file.path).parent.mkdir(exist_ok=True)
        (tmp_path / file.path).write_text(code, encoding="utf-8")
    config = "seeds: 2\ntraining: {learning_rate: 0.1}\n"
    (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    (tmp_path / "trials.py").write_text(shipped("trials.py"), encoding="utf-8")
    run = "import trials, sys; sys.exit(trials.main('simulated.experiments', ['--list']))"
    done = subprocess.run([sys.executable, "-c", run], cwd=tmp_path, check=True, timeout=60, capture_output=True)
    listed = TrialList.model_validate_json(done.stdout)
    assert {trial.method for trial in listed.trials} == {"ours", "baseline"}
    run = f"import trials, sys; sys.exit(trials.main('simulated.experiments', ['--trial', '{listed.trials[0].id}']))"
    subprocess.run([sys.executable, "-c", run], cwd=tmp_path, check=True, timeout=60)
    result = (tmp_path / "results" / f"{listed.trials[0].id}.json").read_text(encoding="utf-8")
    assert TrialResult.model_validate_json(result).measured.keys() == {"value"}


def test_the_bare_project_is_written_in_one_answer(tmp_path: Path) -> None:
    bare = question("whole", text="Write it.", system=Prompts().render("conventions_bare"))
    for file in FileBlocks().read(answer(f"{FAST},coding=500", bare).text):
        (tmp_path / file.path).write_text(file.text, encoding="utf-8")
    assert (tmp_path / BARE_LAST_FILE).is_file()
    assert len(list(tmp_path.iterdir())) == 10
    subprocess.run([sys.executable, "main.py", "--smoke"], cwd=tmp_path, check=True, timeout=60)
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["results"]


@pytest.mark.parametrize(("files", "width", "fan_in"), [(1, 4, 2), (2, 1, 0), (16, 4, 2), (32, 8, 3), (9, 3, 9)])
def test_main_imports_what_nothing_else_does_and_all_come_after_what_they_import(
    files: int, width: int, fan_in: int
) -> None:
    graph = build_graph(files, width, fan_in)
    assert len(graph.paths) == files
    seen: set[str] = set()
    for path, imports in graph.imports.items():
        assert set(imports) <= seen
        seen.add(path)
    imported = {name for imports in graph.imports.values() for name in imports}
    assert set(graph.paths) - imported == {LAST_FILE}


def test_time_passes_as_for_a_model_of_that_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(model, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(model, "time", SimpleNamespace(monotonic=lambda: now))
    given = answer("simulated:speed=100,ttft=2,tps=60,overall_plan=600", question("overall_plan"))
    assert given.seconds == now == pytest.approx((2 + 600 / 60) / 100, rel=0.1)


def test_a_prefix_that_was_sent_before_is_cached() -> None:
    paper = Message(role="user", text="words of the paper " * 600, cache=True)
    first, second = (
        ask(agent="analysis", subject=path, messages=(paper, Message(role="user", text=f"Analyse {path}.")))
        for path in ("a.py", "b.py")
    )

    async def call() -> list[int]:
        model = Simulated(f"{FAST},price_in=1,price_cached=0.1,price_out=2")
        return [(await model.answer(request)).usage.cached for request in (first, second, ask(text="short"))]

    cached = asyncio.run(call())
    assert cached[0] == cached[2] == 0
    assert 1024 <= cached[1] <= count_tokens(paper.text) + 20


@pytest.mark.parametrize(
    ("fault", "reason", "wait"),
    [("rate_limit_every", "429", 0.5), ("fail_every", "500", None), ("drop_every", "connection", None)],
)
def test_faults_come_when_it_is_their_turn(fault: str, reason: str, wait: float | None) -> None:
    model = Simulated(f"simulated:speed=1000,retry_after=500,{fault}=2")

    async def call() -> None:
        await model.answer(question("verify"))
        with pytest.raises(TransientError, match=reason) as failure:
            await model.answer(question("verify"))
        assert failure.value.retry_after == wait

    asyncio.run(call())


def test_a_hang_lasts() -> None:
    async def call() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Simulated(f"{FAST},hang_every=1").answer(question("verify")), 0.05)

    asyncio.run(call())


def test_cut_answers_are_continued_to_the_very_same_text() -> None:
    whole = answer(FAST, question("coding", LAST_FILE))

    async def continued() -> Answer:
        return await ContinuingModel(Simulated(f"{FAST},cut_every=2")).answer(question("coding", LAST_FILE))

    async def in_pieces() -> Answer:
        short = question("coding", LAST_FILE).model_copy(update={"max_tokens": 700})
        return await ContinuingModel(Simulated(FAST)).answer(short)

    cut = answer(f"{FAST},cut_every=1", question("coding", LAST_FILE))
    assert cut.finish == "length"
    assert asyncio.run(continued()).text == whole.text
    assert asyncio.run(in_pieces()).text == whole.text


def test_garbage_comes_once_a_question() -> None:
    spec = f"{FAST},garbage_every=1"
    with pytest.raises(ValueError, match="1 validation error"):
        OverallPlan.model_validate_json(answer(spec, question("overall_plan")).text)
    OverallPlan.model_validate_json(answer(spec, question("overall_plan", round=1)).text)


def test_a_knob_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(SettingsError, match=r"simulated:fles=3: fles: .*names are files, width"):
        Simulated("simulated:fles=3")
    with pytest.raises(SettingsError, match="files: Input should be a valid integer"):
        Simulated("simulated:files=many")


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
