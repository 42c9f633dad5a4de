"""The rubric judge: leaves asked once and kept, the question last; what was not seen is neither met nor paid for."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.agents.references import words
from papercoder.artifacts import LeafJudgement, LeafScore, Rubric, RubricScore, SourceFile
from papercoder.errors import ArtifactError, ContextError, ModelError
from papercoder.evaluation.repository_view import (
    NO_RESULTS,
    NOTHING_EXECUTED,
    Files,
    Observations,
    judged_files,
    load_observations,
    paths_of,
)
from papercoder.evaluation.rubric import load_rubric
from papercoder.evaluation.rubric_judge import Relevance, agreement, judge_rubric, leaf_name, load_labels
from papercoder.models.contract import Answer, Request
from papercoder.operations.generate import open_run
from papercoder.paper.reading import read
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import AnswerRejected, Emit
from papercoder.runs.folder import lock, step_store
from papercoder.runs.run import Run
from papercoder.settings import Settings
from tests.evaluation.test_repository_view import REPRODUCED, SMOKED
from tests.evaluation.test_rubric import PUBLIC
from tests.evaluation.trees import TREE, leaf, node
from tests.scripted import CODE
from tests.support import PAPER, Says, Scripted, calls_made, make_agents, of_kind
from tests.waiting import until

KILN = Path(__file__).parents[2] / "examples" / "kiln" / "repository"
MET = LeafJudgement(expected="w x.", found="`tinyfit/model.py:3` multiplies.", met=True)
MISSING = LeafJudgement(expected="w x.", found="Nothing like it.", met=False)
UNSEEN = Observations()


def model_of(says: Says | list[Says] = MET, window: int = 200_000) -> Scripted:
    return Scripted({"judge_leaf": says}, context_window=window)


def judged(
    folder: Path,
    model: Scripted,
    rubric: Rubric = TREE,
    repository: Files = CODE,
    observed: Observations = UNSEEN,
    emit: Emit = lambda _: None,
) -> RubricScore:
    run = Run(folder, make_agents(model, emit), emit, step_store(folder))
    paths = tuple(file.path for file in repository)
    return asyncio.run(judge_rubric(run, PAPER, rubric, repository, paths, observed))


def by_leaf(**met: bool) -> Callable[[Request], LeafJudgement]:
    """Which leaves are met; those not named are not."""
    return lambda request: MET if met.get(request.subject) else MISSING


def test_the_leaves_come_to_a_score(tmp_path: Path) -> None:
    score = judged(tmp_path, model_of(by_leaf(b=True, run=True, table=True)), observed=REPRODUCED)
    assert [(each.leaf, each.met) for each in score.leaves] == [
        ("a", False), ("b", True), ("c", False), ("run", True), ("table", True)
    ]  # fmt: skip
    assert score.score == pytest.approx(2 / 8 * 3 / 4 + 6 / 8 * 3 / 4)
    assert score.code_dev == pytest.approx(2 / 8 * 3 / 4)
    assert score.leaves[1].judgement == MET
    assert score.invalid == ()


def test_an_execution_leaf_is_not_met_without_execution_and_makes_no_call(tmp_path: Path) -> None:
    model = model_of()
    score = judged(tmp_path, model)
    assert {request.subject for request in model.requests} == {"a", "b", "c"}
    reasons = {each.leaf: each.reason for each in score.leaves if not each.met}
    assert reasons == {"run": NOTHING_EXECUTED, "table": NOTHING_EXECUTED}
    assert score.code_dev == 1.0
    assert score.score == pytest.approx(2 / 8 + 6 / 8 * 1 / 4)


def test_a_smoke_run_has_no_results_to_judge(tmp_path: Path) -> None:
    model = model_of()
    score = judged(tmp_path, model, observed=SMOKED)
    assert {request.subject for request in model.requests} == {"a", "b", "c", "run"}
    assert score.leaves[-1].reason == NO_RESULTS


def test_an_empty_repository_meets_nothing_and_makes_no_calls(tmp_path: Path) -> None:
    model = model_of()
    score = judged(tmp_path, model, repository=(), observed=REPRODUCED)
    assert (score.score, score.code_dev, model.requests) == (0.0, 0.0, [])
    assert {each.reason for each in score.leaves} == {"not met: the repository has no readable file"}


def test_the_question_comes_last_and_all_before_it_is_the_same(tmp_path: Path) -> None:
    model = model_of()
    judged(tmp_path, model, observed=REPRODUCED)
    code = [request for request in model.requests if request.subject in {"a", "b", "c"}]
    assert len({request.messages[:-1] for request in code}) == 1
    before, question = code[0].messages[:-1], code[0].messages[-1].text
    assert all(message.cache for message in before)
    assert "mean squared error" in before[0].text
    assert before[1].text.startswith("# The repository to judge\n\n<document-")
    assert "\n2 files:\n- tinyfit/experiments.py" in before[1].text
    assert "   3     return w * x" in before[1].text
    assert "a is there." in question
    assert question.index("All of root is there.") < question.index("All of method is there.")
    assert "All of experiment is there." not in question


def test_what_was_observed_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    model = model_of()
    judged(tmp_path, model, observed=REPRODUCED)
    shown = {request.subject: "# Observations of its execution" in request.text for request in model.requests}
    assert shown == {"a": False, "b": False, "c": False, "run": True, "table": True}
    texts = {request.subject: request.messages[-1].text for request in model.requests}
    for name, asked in (("a", "about code"), ("run", "about execution"), ("table", "about results")):
        assert f"The question is {asked}" in texts[name]


def test_the_first_leaf_goes_ahead_and_the_rest_goes_at_once(tmp_path: Path) -> None:
    at_once = [0, 0]

    class Slow(Scripted):
        async def answer(self, request: Request) -> Answer:
            at_once[0] += 1
            at_once[1] = max(at_once)
            if len(self.requests) == 0:
                await asyncio.sleep(0.01)
                assert at_once[0] == 1
            else:
                await until(lambda: at_once[1] == 4)
            said = await super().answer(request)
            at_once[0] -= 1
            return said

    judged(tmp_path, Slow({"judge_leaf": MET}), observed=REPRODUCED)
    assert at_once == [0, 4]


def test_judging_again_pays_nothing(tmp_path: Path) -> None:
    first = judged(tmp_path, model_of(by_leaf(a=True)), observed=REPRODUCED)
    model = model_of()
    assert judged(tmp_path, model, observed=REPRODUCED) == first
    assert model.requests == []


def test_new_weights_make_no_calls_and_a_new_leaf_makes_one(tmp_path: Path) -> None:
    judged(tmp_path, model_of())
    model = model_of()
    weighed = node("root", node("method", leaf("a", 5), leaf("b", 1), leaf("new"), weight=9))
    judged(tmp_path, model, weighed)
    assert [request.subject for request in model.requests] == ["new"]
    kept = {path.name for path in (tmp_path / "rubric" / "leaves").iterdir()}
    assert kept == {leaf_name(name) for name in ("a", "b", "new")}


def test_an_error_loses_no_leaf_that_was_paid_for(tmp_path: Path) -> None:
    def fails(request: Request) -> LeafJudgement:
        if request.subject == "b":
            raise ModelError("away")
        return MET

    with pytest.raises(ModelError, match="away"):
        judged(tmp_path, model_of(fails))
    model = model_of()
    judged(tmp_path, model)
    assert [request.subject for request in model.requests] == ["b"]


def test_an_edited_judgement_counts(tmp_path: Path) -> None:
    judged(tmp_path, model_of(MISSING))
    path = tmp_path / "rubric" / "leaves" / leaf_name("b")
    path.write_text(MET.model_dump_json(), encoding="utf-8")
    model = model_of()
    score = judged(tmp_path, model)
    assert score.code_dev == pytest.approx(2 / 8 * 3 / 4)
    assert model.requests == []


def test_a_leaf_without_a_fit_answer_is_invalid_and_named(tmp_path: Path) -> None:
    model = model_of(lambda request: "I will not say." if request.subject == "a" else MET)
    score = judged(tmp_path, model)
    (invalid,) = score.invalid
    assert (invalid.leaf, invalid.met, invalid.judgement) == ("a", False, None)
    assert "The answer has no JSON object" in invalid.reason
    assert score.code_dev == pytest.approx(2 / 8 * 3 / 4 + 6 / 8)


# Evidence

NOWHERE = [
    MET.model_copy(update={"found": "`tinyfit/model.py:4` multiplies."}),
    MET.model_copy(update={"found": "`tinyfit/model.py:0` multiplies."}),
    MET.model_copy(update={"found": "`src/model.py:3` multiplies."}),
    MET.model_copy(update={"found": "It multiplies."}),
    MISSING.model_copy(update={"found": "`tinyfit/model.py:99` divides."}),
    MISSING.model_copy(update={"found": "`results.json:1` has none."}),
]


@pytest.mark.parametrize("nowhere", NOWHERE, ids=lambda judgement: judgement.found)
def test_evidence_that_is_nowhere_is_sent_back_once(tmp_path: Path, nowhere: LeafJudgement) -> None:
    events: list[object] = []
    model = model_of([nowhere, MET])
    score = judged(tmp_path / "corrected", model, leaf("a"), emit=events.append)
    assert score.leaves[0].judgement == MET
    assert len(of_kind(events, AnswerRejected)) == 1  # type: ignore[arg-type]
    stubborn = model_of(nowhere)
    assert judged(tmp_path / "stubborn", stubborn, leaf("a")).leaves[0].judgement == nowhere
    assert len(stubborn.requests) == 2


@pytest.mark.parametrize(
    "found", ["Nothing.", "`./tinyfit/experiments.py:1` and tinyfit/model.py:1-3 do not.", "See http://example.org."]
)
def test_what_is_not_met_needs_no_line(tmp_path: Path, found: str) -> None:
    model = model_of(MISSING.model_copy(update={"found": found}))
    judged(tmp_path, model, leaf("a"))
    assert len(model.requests) == 1


def test_what_was_observed_may_be_cited(tmp_path: Path) -> None:
    model = model_of(MET.model_copy(update={"found": "`results.json:1` and reproduce.log:12 show it."}))
    judged(tmp_path, model, leaf("t", category="Result Analysis"), observed=REPRODUCED)
    assert len(model.requests) == 1


# A small window

LARGE = tuple(
    SourceFile(path=f"{name}.py", text=f"def {name}():\n" + f"    {name} = 'one two three four'\n" * 200)
    for name in ("annealing", "balancing", "classes", "distances")
)
DOCUMENTS = (SourceFile(path="README.md", text="Results.\n" * 300),)
ASKED = node(
    "root",
    leaf("a", text="Annealing is right."),
    leaf("d", text="Distances are right."),
    leaf("t", text="The results are right.", category="Result Analysis"),
)


def test_in_a_small_window_each_leaf_is_shown_what_it_is_about(tmp_path: Path) -> None:
    cited = MET.model_copy(update={"found": "`annealing.py:1`"})
    model = model_of(cited, window=8000)
    score = judged(tmp_path, model, ASKED, (*LARGE, *DOCUMENTS), REPRODUCED)
    texts = {request.subject: request.text for request in model.requests}
    for each, name in zip(score.leaves, ("annealing.py", "distances.py", "README.md"), strict=True):
        heads = re.findall(r"^`([^`]+)`:$", texts[each.leaf], re.MULTILINE)
        assert name in heads
        assert name not in each.unseen
        assert each.unseen
        assert set(each.unseen).isdisjoint(heads)
        for path in each.unseen:
            assert f"- {path}" in texts[each.leaf].partition("omitted or truncated")[2]


def test_in_a_large_window_nothing_is_unseen(tmp_path: Path) -> None:
    score = judged(tmp_path, model_of(by_leaf()), ASKED, (*LARGE, *DOCUMENTS), REPRODUCED)
    assert {each.unseen for each in score.leaves} == {()}


def test_a_window_too_small_for_one_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContextError, match="judge=PROVIDER:NAME"):
        judged(tmp_path, model_of(window=1500), ASKED, LARGE)


# Names of files

NAMES = ["../../../etc/passwd", "a/b", "a b", "A B", "a_b", "ä", "ö", "", "…", "x" * 500, "x" * 501, "\n", "con", "."]


def test_ids_may_be_anything_and_files_are_safe_and_distinct() -> None:
    names = [leaf_name(name) for name in NAMES]
    assert len({name.lower() for name in names}) == len(NAMES)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,80}\.json", name) for name in names)
    assert leaf_name("Batch-size is 64").startswith("batch-size-is-64-")


def test_strange_ids_are_judged(tmp_path: Path) -> None:
    rubric = node("root", *(leaf(name, text="It is so.") for name in NAMES))
    score = judged(tmp_path, model_of(), rubric)
    assert score.score == 1.0
    assert len(list((tmp_path / "rubric" / "leaves").iterdir())) == len(NAMES)
    assert {path.name for path in tmp_path.iterdir()} == {"rubric", ".store"}


# A public rubric

SOURCE = PUBLIC.parent / "paper.md"


@pytest.mark.skipif(not PUBLIC.is_file(), reason="needs a public rubric that is not part of this repository")
def test_all_leaves_of_a_public_rubric_are_judged_and_again_for_nothing(tmp_path: Path) -> None:
    rubric, paper = load_rubric(PUBLIC), read(SOURCE)

    async def judge() -> RubricScore:
        settings = Settings(model="simulated:speed=100000")
        run, _ = open_run(tmp_path, settings, EventLog(tmp_path), roles=("judge",))
        return await judge_rubric(run, paper, rubric, judged_files(KILN), paths_of(KILN), load_observations(KILN))

    with lock(tmp_path):
        score = asyncio.run(judge())
        made = calls_made(tmp_path)
        assert asyncio.run(judge()) == score
    assert calls_made(tmp_path) == made
    assert made.total() == 86
    assert len(score.leaves) == 163
    assert sum(each.reason == NOTHING_EXECUTED for each in score.leaves) == 77
    assert 0 < score.score < (score.code_dev or 0) < 1
    assert json.loads(score.model_dump_json())["leaves"]


FILES = (
    SourceFile(path="src/data_loading.py", text="def load(path):\n    return read(path)\n"),
    SourceFile(path="src/model.py", text="class ActivationShift:\n    def step(self, stepSize): ...\n"),
    SourceFile(path="src/training.py", text="from src.model import ActivationShift\nlearning_rate = 0.1\n"),
    SourceFile(path="config.yaml", text="learning_rate: 0.1\n"),
    SourceFile(path="README.md", text="Learning rate, activation shift, data loading: all is here, all results.\n"),
    SourceFile(path="results.json", text='{"results": []}\n'),
)
RELEVANCE = Relevance(FILES)


def test_identifiers_are_words() -> None:
    assert words("batchSizes, batch_size; HTTPServer v2 Größe Ω") == [
        "batch", "size", "batch", "size", "http", "server", "v", "2", "gr", "öß", "e", "ω"
    ]  # fmt: skip


def test_what_shares_the_words_comes_first() -> None:
    order = RELEVANCE.order("The activation shift has a step size of one.", "Code Development")
    assert order[0] == "src/model.py"
    assert RELEVANCE.order("The data are loaded", "Code Execution")[0] == "src/data_loading.py"


def test_names_weigh_more_than_texts() -> None:
    named = SourceFile(path="prototypes.py", text="x = 1\n")
    mentioned = SourceFile(path="a.py", text="prototypes = 1\n")
    assert Relevance((mentioned, named)).order("prototypes", "Code Development")[0] == "prototypes.py"


def test_results_and_documents_come_first_for_results_and_last_for_code() -> None:
    asked = "The results of the activation shift"
    assert set(RELEVANCE.order(asked, "Result Analysis")[:2]) == {"README.md", "results.json"}
    assert set(RELEVANCE.order(asked, "Code Development")[-2:]) == {"README.md", "results.json"}


def test_a_long_file_does_not_win_by_its_length() -> None:
    short = SourceFile(path="b.py", text="temperature = 3\n")
    long = SourceFile(path="a.py", text="temperature = 3\n" + "other = 1\n" * 500)
    assert Relevance((long, short)).order("temperature", "Code Development") == ("b.py", "a.py")


def test_no_files_have_no_order() -> None:
    assert Relevance(()).order("anything", "Code Development") == ()
    assert Relevance((SourceFile(path="_.py", text=""),)).order("", "Code Development") == ("_.py",)


def test_the_order_is_the_same_every_time_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    same = tuple(SourceFile(path=f"{name}.py", text="loss = 1\n") for name in "dbca")
    orders = {Relevance(files).order("the loss", "Code Development") for files in (same, same[::-1])}
    assert orders == {("a.py", "b.py", "c.py", "d.py")}
    assert capfd.readouterr() == ("", "")


@given(st.text(), st.lists(st.text(), max_size=4))
def test_every_file_has_one_place(asked: str, texts: list[str]) -> None:
    files = tuple(SourceFile(path=f"{number}.py", text=text) for number, text in enumerate(texts))
    assert sorted(Relevance(files).order(asked, "Code Development")) == sorted(file.path for file in files)


GRADED = {
    "id": "root",
    "requirements": "All.",
    "score": 0.5,
    "judge_metadata": None,
    "sub_tasks": [
        {"id": "a", "score": 1, "explanation": "seen", "sub_tasks": []},
        {"id": "b", "score": 0.0, "sub_tasks": None},
        {"id": "c", "sub_tasks": []},
    ],
}


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "graded.json"
    path.write_text(json.dumps(GRADED), encoding="utf-8")
    return path


def leaves(**met: bool) -> tuple[LeafScore, ...]:
    return tuple(
        LeafScore(leaf=name, met=value, judgement=LeafJudgement(expected="It.", found="It.", met=value))
        for name, value in met.items()
    )


def test_labels_are_those_of_leaves(labels: Path) -> None:
    assert load_labels(labels) == {"a": True, "b": False}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not a graded rubric"),
        ('{"sub_tasks": []}', "id: Field required"),
        ('{"id": "a", "score": 0.5}', "the score of leaf a is 0.5; labels are 0 or 1"),
        ('{"id": "a"}', "has no labels"),
    ],
)
def test_what_are_no_labels_is_said_in_a_sentence(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "graded.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match=reason):
        load_labels(path)


def test_missing_labels_are_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="does not exist"):
        load_labels(tmp_path / "none.json")


def test_counts_and_measures() -> None:
    judged = leaves(a=True, b=True, c=True, d=False, e=False, f=False, g=False, h=False)
    found = agreement(
        judged, {"a": True, "b": True, "c": False, "d": True, "e": False, "f": False, "g": False, "h": False}
    )
    assert (found.both_met, found.judge_alone, found.people_alone, found.neither) == (2, 1, 1, 4)
    assert (found.leaves, found.accuracy) == (8, 0.75)
    assert found.precision == found.recall == pytest.approx(2 / 3)
    assert found.f1 == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert found.kappa == pytest.approx((0.75 - (9 + 25) / 64) / (1 - (9 + 25) / 64))
    assert [(each.leaf, each.people, each.judge) for each in found.differences] == [
        ("c", False, True),
        ("d", True, False),
    ]


def test_only_leaves_that_both_judged_count() -> None:
    lost = LeafScore(leaf="lost", met=False, invalid=True, reason="no fit answer")
    unrun = LeafScore(leaf="unrun", met=False, reason="nothing was executed")
    labels = {"a": True, "lost": True, "unrun": False, "other": False}
    found = agreement((*leaves(a=True, new=True), lost, unrun), labels)
    assert (found.leaves, found.unlabelled, found.unjudged, found.unasked) == (1, ("new",), ("lost",), ("unrun",))


def test_where_a_divisor_is_zero_there_is_no_measure() -> None:
    found = agreement(leaves(a=False, b=False), {"a": False, "b": False})
    assert (found.accuracy, found.precision, found.recall, found.f1, found.kappa) == (1.0, None, None, None, None)
    nothing = agreement((), {"a": True})
    assert (nothing.leaves, nothing.accuracy, nothing.kappa) == (0, None, None)
