"""Judges by critique: samples of their own, each paid once; what is no judgement is counted and named."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from papercoder.agents.prompts import Prompts
from papercoder.artifacts import CritiqueScore, Judgement, JudgeName, Paragraph, Section, SelectedFiles, SourceFile
from papercoder.errors import ContextError, ModelError, SettingsError
from papercoder.evaluation.critique import judge, select_excerpt, select_files, shares
from papercoder.evaluation.repository_view import Excerpt, Files, size
from papercoder.models.contract import Answer, Request
from papercoder.models.stack import assemble
from papercoder.runs.events import Emit, Event, Warned
from papercoder.runs.folder import answer_store, step_store
from papercoder.runs.run import Run
from papercoder.settings import Settings
from papercoder.text.fences import fence
from tests.scripted import CODE
from tests.support import PAPER, Says, Scripted, make_agents, of_kind, tree
from tests.waiting import until

JUDGES: tuple[JudgeName, ...] = get_args(JudgeName)
PATHS = tuple(file.path for file in CODE)
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


def model_of(says: Says | list[Says]) -> Scripted:
    return Scripted({"judge_free": says, "judge_plain": says, "judge_based": says})


def judged(
    folder: Path,
    model: Scripted,
    name: JudgeName = "reference-free",
    repository: Files = CODE,
    gold: Files = (),
    samples: int = 3,
    paths: tuple[str, ...] = (),
) -> CritiqueScore:
    run = Run(folder, make_agents(model), lambda _: None, step_store(folder))
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


def test_the_first_sample_goes_ahead_and_the_others_go_at_once(tmp_path: Path) -> None:
    model = Slow()
    judged(tmp_path, model, samples=4)
    assert model.at_once == [1, 1, 2, 3]


class Slow(Scripted):
    """Counts who waits when a question comes."""

    def __init__(self) -> None:
        super().__init__({"judge_free": judgement(3)})
        self.at_once: list[int] = []
        self._waiting = 0

    async def answer(self, request: Request) -> Answer:
        self._waiting += 1
        self.at_once.append(self._waiting)
        await until(lambda: len(self.at_once) in {1, 4})
        self._waiting -= 1
        return await super().answer(request)


def test_a_sample_without_a_fit_answer_is_counted_and_named_and_the_others_count(tmp_path: Path) -> None:
    model = model_of(lambda request: "No." if number_of(request) == 2 else judgement(4))
    score = judged(tmp_path, model)
    assert [sample.score for sample in score.samples] == [4, 4]
    assert score.score is not None
    assert score.score.n == 2
    (invalid,) = score.invalid
    assert invalid.sample == 2
    assert "judge_free agent for sample 2 in 3 tries" in invalid.reason
    assert not (tmp_path / "judges" / "reference-free" / "2.json").exists()


def test_where_no_sample_is_valid_there_is_no_score(tmp_path: Path) -> None:
    score = judged(tmp_path, model_of("No."))
    assert score.score is None
    assert [sample.sample for sample in score.invalid] == [1, 2, 3]


def test_a_sample_that_is_made_no_more_leaves_no_file(tmp_path: Path) -> None:
    judged(tmp_path, model_of(judgement(3)), samples=3)
    judged(tmp_path, model_of("No."), samples=2, repository=CODE[:1])
    assert list((tmp_path / "judges" / "reference-free").iterdir()) == []


def test_what_the_model_cannot_be_asked_stops_all(tmp_path: Path) -> None:
    def fail(request: Request) -> str:
        raise ModelError("away")

    model = model_of(fail)
    with pytest.raises(ModelError, match="away"):
        judged(tmp_path, model)
    assert len(model.requests) == 1


def test_an_answer_in_the_journal_is_not_another_samples(tmp_path: Path) -> None:
    inner = model_of(judgement(3))
    model = assemble(inner, Settings(), answer_store(tmp_path), lambda _: None)
    for folder in ("a", "b"):
        run = Run(tmp_path / folder, make_agents(model), lambda _: None, step_store(tmp_path / folder))
        asyncio.run(judge(run, "reference-free", PAPER, CODE, PATHS, (), 3))
    assert sorted(request.subject for request in inner.requests) == ["sample 1", "sample 2", "sample 3"]


# What a judge reads


def read(model: Scripted, agent: str) -> list[str]:
    return [message.text for message in model.of(agent)[0].messages]


def test_the_judge_reads_paper_tree_and_code_and_then_what_to_do(tmp_path: Path) -> None:
    model = model_of(judgement(3))
    judged(tmp_path, model, paths=(*PATHS, "weights.bin"))
    paper, repository, task = read(model, "judge_free")
    assert "The model predicts the target as a scaled input" in paper
    assert repository.startswith("# The repository to judge\n\n<document-")
    assert "\n3 files:\n- tinyfit/experiments.py\n- tinyfit/model.py\n- weights.bin\n\n`" in repository
    assert "   3     return w * x" in repository
    assert task.startswith("Judge how far the repository implements the paper.")
    assert "1: the core is missing or wrong." in task
    assert [message.cache for message in model.requests[0].messages] == [True, True, False]
    assert model.requests[0].system == Prompts().render("judge_system")


def test_what_samples_read_is_the_same_to_the_last_letter(tmp_path: Path) -> None:
    model = model_of(judgement(3))
    judged(tmp_path, model)
    assert len({request.text for request in model.requests}) == 1


def test_the_plain_judge_sees_no_tree_and_only_the_one_with_a_reference_the_authors_files(tmp_path: Path) -> None:
    model = model_of(judgement(3))
    for name in JUDGES:
        judged(tmp_path, model, name, gold=GOLD)
    assert [("2 files:" in request.text, "# theirs" in request.text) for request in model.requests[::3]] == [
        (True, False),
        (False, False),
        (True, True),
    ]
    assert [text.partition("\n")[0] for text in read(model, "judge_based")[:3]] == [
        "# The paper",
        "# The authors' repository",
        "# The repository to judge",
    ]


def test_an_empty_repository_is_said_to_be_empty(tmp_path: Path) -> None:
    model = model_of(judgement(1))
    assert judged(tmp_path, model, repository=()).unseen == ()
    assert read(model, "judge_free")[1].endswith(fence("0 files.\n\nThe repository has no readable file."))


def test_a_judge_with_a_reference_needs_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="reference-based needs the authors' repository"):
        judged(tmp_path, model_of(judgement(3)), "reference-based")


# What is no judgement


def test_a_file_that_is_not_there_goes_back_once_and_is_then_taken_as_it_is(tmp_path: Path) -> None:
    hostile = "../../outside.py\n<script>"
    model = model_of(judgement(3, (hostile, "low"), ("", "high"), ("tinyfit/model.py", "low")))
    (sample,) = judged(tmp_path / "run", model, samples=1).samples
    assert [critique.file for critique in sample.critiques] == [hostile, "", "tinyfit/model.py"]
    assert [request.round for request in model.requests] == [0, 1]
    said = model.requests[1].messages[-1].text
    assert "The repository has no file '../../outside.py\\n<script>'." in said
    assert "'tinyfit/model.py'" not in said
    assert set(tree(tmp_path)) >= {"run/judges/reference-free/1.json"}
    assert all(path.startswith("run/") for path in tree(tmp_path))


def test_the_authors_files_are_none_of_the_repositorys(tmp_path: Path) -> None:
    model = model_of([judgement(3, ("authors.py", "low")), judgement(3, ("tinyfit/model.py", "low"))])
    (sample,) = judged(tmp_path, model, "reference-based", gold=GOLD, samples=1).samples
    assert sample.critiques[0].file == "tinyfit/model.py"


def test_a_file_that_exists_though_no_judge_reads_it_may_be_named(tmp_path: Path) -> None:
    model = model_of(judgement(3, ("weights.bin", "low")))
    judged(tmp_path, model, paths=(*PATHS, "weights.bin"), samples=1)
    assert len(model.requests) == 1


def test_a_best_score_beside_a_grave_critique_is_no_judgement(tmp_path: Path) -> None:
    model = model_of([judgement(5, ("tinyfit/model.py", "high")), judgement(5, ("tinyfit/model.py", "low"))])
    (sample,) = judged(tmp_path / "corrected", model, samples=1).samples
    assert sample.score == 5
    assert "Correct one of them." in model.requests[1].text
    stubborn = judged(tmp_path / "stubborn", model_of(judgement(5, ("tinyfit/model.py", "high"))), samples=1)
    assert (stubborn.score, len(stubborn.invalid)) == (None, 1)


@pytest.mark.parametrize("score", [0, 6, 3.5])
def test_a_score_off_the_scale_is_no_judgement(tmp_path: Path, score: float) -> None:
    assert judged(tmp_path, model_of(f'{{"critiques": [], "score": {score}}}'), samples=1).score is None


# What is too large


def small(says: Says, window: int = 9_000, **more: Says) -> Scripted:
    answers = dict.fromkeys(("judge_free", "judge_plain", "judge_based"), says)
    return Scripted({**answers, **more}, context_window=window)


LARGE = tuple(SourceFile(path=f"f{number}.py", text=f"value = {number}\n" * 200) for number in range(6))


def test_a_reference_that_is_too_large_is_selected_from_once_and_what_is_unseen_is_named(tmp_path: Path) -> None:
    chosen = SelectedFiles(paths=("f4.py", "f1.py"))
    model = small(judgement(3), select_files=chosen)
    score = judged(tmp_path, model, "reference-based", gold=LARGE)
    assert [request.subject for request in model.of("select_files")] == ["the authors' repository"]
    assert score.unseen == ()
    assert score.gold_unseen
    assert {"f4.py", "f1.py"}.isdisjoint(score.gold_unseen)
    gold = read(model, "judge_based")[1]
    assert gold.index("`f4.py`") < gold.index("`f1.py`")
    assert all(f"- {path}" in gold.partition("omitted or truncated")[2] for path in score.gold_unseen)
    again = small(judgement(3), select_files=chosen)
    assert judged(tmp_path, again, "reference-based", gold=LARGE) == score
    assert again.requests == []


def test_a_repository_that_is_too_large_is_selected_from_once_for_all_judges(tmp_path: Path) -> None:
    model = small(judgement(3), select_files=SelectedFiles(paths=("f5.py",)))
    for name in JUDGES:
        score = judged(tmp_path, model, name, repository=LARGE, gold=GOLD)
        assert score.unseen
        assert "f5.py" not in score.unseen
    assert [request.subject for request in model.of("select_files")] == ["the repository"]


def test_a_long_paper_leaves_the_files_half_of_the_window(tmp_path: Path) -> None:
    model = small(judgement(3))
    words = Paragraph(anchor="1¶1", text="many words " * 5_000)
    long = PAPER.model_copy(update={"sections": (Section(anchor="1", level=1, title="Long", blocks=(words,)),)})
    run = Run(tmp_path, make_agents(model), lambda _: None, step_store(tmp_path))
    score = asyncio.run(judge(run, "reference-free", long, CODE, PATHS, (), 1))
    assert score.unseen == ()
    assert "headings only" in model.requests[0].text


def test_a_window_too_small_for_one_line_is_an_error(tmp_path: Path) -> None:
    giant = (SourceFile(path="main.py", text="x" * 90_000),)
    model = small(judgement(3), select_files=SelectedFiles(paths=("main.py",)))
    with pytest.raises(ContextError, match="is too small for the paper and one file"):
        judged(tmp_path, model, repository=giant)


FILES = tuple(SourceFile(path=f"f{number}.py", text=f"value = {number}\n" * 50) for number in range(5))
ALL = sum(map(size, FILES))
SIZES = {file.path: size(file) for file in FILES}


def selected(*answers: Says, sizes: dict[str, int] = SIZES) -> tuple[SelectedFiles, Scripted]:
    model = Scripted({"select_files": list(answers)})
    return asyncio.run(select_files(make_agents(model), PAPER, "the authors' repository", sizes)), model


def chosen(*paths: str) -> SelectedFiles:
    return SelectedFiles(paths=paths)


def fit(folder: Path, model: Scripted, room: int, emit: Emit = lambda _: None) -> Excerpt:
    run = Run(folder, make_agents(model), emit, step_store(folder))
    return asyncio.run(select_excerpt(run, "judges/selected.json", PAPER, "the repository", FILES, SIZES, room))


def test_the_agent_reads_the_paper_and_all_paths_with_their_sizes() -> None:
    answer, model = selected(chosen("f3.py", "f0.py"))
    assert answer.paths == ("f3.py", "f0.py")
    (request,) = model.requests
    assert "The model predicts the target as a scaled input" in request.text
    assert all(f"- {path} ({tokens} tokens)" in request.text for path, tokens in SIZES.items())
    assert "The files of the authors' repository are too large" in request.text


def test_an_unknown_path_is_retried_once_and_then_dropped() -> None:
    answer, model = selected(chosen("/etc/passwd", "f1.py", "f1.py"))
    assert answer.paths == ("f1.py",)
    assert [request.round for request in model.requests] == [0, 1]
    assert "'/etc/passwd' is not in the list." in model.requests[1].text


@pytest.mark.parametrize("answer", [chosen(), chosen("nowhere.py")])
def test_an_empty_selection_is_retried(answer: SelectedFiles) -> None:
    corrected, model = selected(answer, answer, chosen("f2.py"))
    assert corrected.paths == ("f2.py",)
    assert len(model.requests) == 3


def test_a_long_list_contains_only_code() -> None:
    sizes = {**{f"data/{number}.txt": 1 for number in range(30_000)}, "main.py": 7}
    _, model = selected(chosen("main.py"), sizes=sizes)
    assert "- main.py (7 tokens)" in model.requests[0].text
    assert "data/" not in model.requests[0].text


def test_no_selection_if_everything_fits(tmp_path: Path) -> None:
    shown = fit(tmp_path, Scripted({}), ALL)
    assert shown.omitted == ()


def test_files_are_included_in_the_order_of_one_selection(tmp_path: Path) -> None:
    model = Scripted({"select_files": chosen("f4.py", "f2.py")})
    shown = fit(tmp_path, model, ALL * 3 // 4)
    assert shown.text.startswith("`f4.py`")
    assert shown.omitted
    assert {"f4.py", "f2.py"}.isdisjoint(shown.omitted)
    assert fit(tmp_path, model, ALL * 2 // 4).text.startswith("`f4.py`")
    assert len(model.requests) == 1


def test_without_a_selection_code_comes_first_with_a_warning(tmp_path: Path) -> None:
    events = list[Event]()
    shown = fit(tmp_path, Scripted({"select_files": "No."}), ALL // 2, events.append)
    assert shown.text.startswith("`f0.py`")
    assert shown.omitted[-1] == "f4.py"
    (warned,) = of_kind(events, Warned)
    assert "select_files agent for the repository in 3 tries" in warned.message


@pytest.mark.parametrize(
    ("room", "one", "other", "wanted"),
    [
        (100, 30, 40, (30, 40)),
        (100, 80, 80, (50, 50)),
        (100, 80, 30, (70, 30)),
        (100, 20, 500, (20, 80)),
        (100, 500, 0, (100, 0)),
        (0, 10, 10, (0, 0)),
    ],
)
def test_unused_room_goes_to_the_other_repository(room: int, one: int, other: int, wanted: tuple[int, int]) -> None:
    assert shares(room, one, other) == wanted
