"""Review: each requirement gets one verdict, at lines of code; a revision reaches its files and their callers."""

import asyncio
import re

import pytest

from papercoder.agents.answers import InvalidAnswerError, Json
from papercoder.artifacts import Edits, Excerpt, ProposedAmendment, SourceFile, Verdicts
from papercoder.errors import AnswerError
from papercoder.repository.code_graph import CallGraph
from papercoder.stages.review import (
    Question,
    choice_problems,
    interface_problems,
    problems,
    review_files,
    revise_files,
    shared_requests,
)
from tests.scripted import CODE, block
from tests.support import MODEL_PY, PAPER, Says, Scripted, make_agents, requirement

MODEL, MAIN = CODE
NEEDS = (requirement("R1"), requirement("R3"))
AROUND = CallGraph(CODE).around([MODEL.path])
OTHER = SourceFile(path="tinyfit/data.py", text="def points() -> list[float]:\n    return [1.0]\n")
CHOSEN = (requirement("R7", status="assumed", statement="The data are drawn, for they are not to be had.", quote=""),)


def verdicts(*given: tuple[str, str, list[tuple[str, int]]]) -> Verdicts:
    return Verdicts.model_validate(
        {
            "verdicts": [
                {
                    "requirement": name,
                    "verdict": kind,
                    "evidence": [{"path": path, "line": line} for path, line in places],
                    "reason": "Because.",
                }
                for name, kind, places in given
            ]
        }
    )


GOOD = verdicts(("R1", "implemented", [("tinyfit/model.py", 3)]), ("R3", "missing", []))


def review(model: Scripted, around: tuple[Excerpt, ...] = AROUND) -> Verdicts:
    question = Question(file=MODEL, requirements=NEEDS, around=around)
    (found,) = asyncio.run(review_files(make_agents(model), (question,), PAPER, "seed: 0\n", CHOSEN))
    return found


def revise(*answers: Says, own: SourceFile = MODEL, others: tuple[SourceFile, ...] = (MAIN,)) -> tuple[Edits, Scripted]:
    model = Scripted({"revise": list(answers)})
    step = revise_files(make_agents(model), PAPER, NEEDS, "seed: 0\n", ("R1 is missing.",), (own,), others)
    return asyncio.run(step), model


SHOWN = {file.path: dict(enumerate(file.text.splitlines(), 1)) for file in CODE}


def complain(*given: tuple[str, str, list[tuple[str, int]]]) -> str:
    return "\n".join(problems(verdicts(*given), NEEDS, SHOWN))


def test_the_reviewer_reads_paper_settings_neighbours_and_numbered_code() -> None:
    model = Scripted({"review": GOOD})
    assert review(model) == GOOD
    (request,) = model.requests
    assert "   3     return w * x" in request.text
    assert "`tinyfit/experiments.py`" in request.text
    assert "seed: 0" in request.text
    assert "The model predicts the target as a scaled input" in request.text
    assert "R3 (method, stated)" in request.text
    assert "R7 (method, assumed): The data are drawn" in request.text


def test_a_review_that_leaves_one_out_goes_back() -> None:
    model = Scripted({"review": [verdicts(("R1", "implemented", [("tinyfit/model.py", 3)])), GOOD]})
    assert review(model) == GOOD
    assert "R3 has 0 verdicts; it needs one." in model.requests[1].text


R3 = ("R3", "missing", list[tuple[str, int]]())


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([("R1", "missing", []), ("R1", "missing", []), R3], "R1 has 2 verdicts; it needs one."),
        ([("R1", "missing", []), R3, ("R9", "missing", [])], "R9 is not one of the requirements to judge."),
        ([("R1", "partly", []), R3], "R1 is `partly` without evidence; name the lines that show it."),
        (
            [("R1", "implemented", [("data.py", 1)]), R3],
            "R1: `data.py` is not among the files shown (`tinyfit/model.py`, `tinyfit/experiments.py`).",
        ),
        ([("R1", "implemented", [("tinyfit/model.py", 4)]), R3], "R1: `tinyfit/model.py` has no code on line 4 here."),
        ([("R1", "implemented", [("tinyfit/model.py", 0)]), R3], "R1: `tinyfit/model.py` has no code on line 0 here."),
        (
            [("R1", "implemented", [("tinyfit/experiments.py", 3)]), R3],
            "R1: `tinyfit/experiments.py` has no code on line 3 here.",
        ),
    ],
    ids=["twice", "unasked", "no lines", "unknown file", "past the end", "before the start", "empty line"],
)
def test_what_is_no_verdict(given: list[tuple[str, str, list[tuple[str, int]]]], problem: str) -> None:
    assert complain(*given) == problem


def chosen(kind: str = "partly", degradation: str = "none", choice: str = "R7") -> Verdicts:
    """R1, as a choice has it."""
    changes = {"verdict": kind, "degradation": degradation, "chosen_in": (choice,)}
    return Verdicts(verdicts=(GOOD.verdicts[0].model_copy(update=changes), GOOD.verdicts[1]))


def test_what_falls_short_by_a_choice_names_it() -> None:
    model = Scripted({"review": [chosen(choice="R3"), chosen()]})
    assert review(model) == chosen()
    assert "R1: R3 is not another assumed requirement." in model.requests[1].text
    assert chosen().failed == chosen().verdicts


@pytest.mark.parametrize(
    "given", [chosen("implemented"), chosen("contradicts"), chosen(degradation="dropped_term")], ids=lambda _: ""
)
def test_a_choice_explains_no_other_verdict(given: Verdicts) -> None:
    (problem,) = choice_problems(given, CHOSEN)
    assert problem == "R1 has `chosen_in`, so it must be `partly` with degradation `none`."


def test_no_choice_stands_for_itself() -> None:
    assert list(choice_problems(chosen(choice="R1"), (requirement("R1", status="assumed", quote=""),)))


def test_a_verdict_may_point_at_a_neighbour_and_a_missing_one_nowhere() -> None:
    assert complain(("R1", "contradicts", [("tinyfit/experiments.py", 1), ("tinyfit/model.py", 3)]), R3) == ""


FIX = block("tinyfit/model.py", "    return w * x\n", "    return float(w) * x\n")


def test_a_revision_is_given_back_as_edits() -> None:
    edits, model = revise(FIX)
    assert edits.paths == {"tinyfit/model.py"}
    assert "R1 is missing." in model.requests[0].text


def test_nothing_may_be_changed_where_the_problem_is_mistaken() -> None:
    assert revise("NO EDITS")[0] == Edits()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            block("tinyfit/data.py", "    return [1.0]\n", "    return [2.0]\n"),
            "`tinyfit/data.py` may not be edited here.",
        ),
        (
            block(
                "tinyfit/model.py",
                "def predict(w: float, x: float) -> float:\n",
                "def predict(x: float) -> float:\n    w = 1.0\n",
            ),
            "`predict` of `tinyfit/model.py` cannot be called as before, but `tinyfit/experiments.py`, which names it",
        ),
        (block("new.py", "", "x = 1\n"), "`new.py` may not be edited here."),
        (block("config.yaml", "", "seed: 1\n"), "`config.yaml` may not be edited here."),
        (block("tinyfit/model.py", "    return x\n", "    return w\n"), "does not occur"),
        (block("tinyfit/model.py", "    return w * x\n", "    return (w * x\n"), "syntax error"),
        (block("tinyfit/model.py", "    # R1: scaled input\n", ""), "would lose the mark of R1"),
        (MODEL_PY, "no SEARCH/REPLACE block"),
    ],
    ids=["unrelated", "interface", "new file", "settings", "not there", "broken", "mark", "whole file"],
)
def test_a_revision_that_may_not_be_goes_back_with_the_reason(answer: str, reason: str) -> None:
    edits, model = revise(answer, FIX, others=(MAIN, OTHER))
    assert edits.paths == {"tinyfit/model.py"}
    assert reason in model.requests[1].text


def test_a_reviser_who_never_obeys_is_given_up() -> None:
    with pytest.raises(AnswerError, match=r"revise agent for tinyfit/model\.py in 3 tries"):
        revise(block("new.py", "", "x = 1\n"))


def test_an_interface_may_change_with_all_of_its_callers() -> None:
    head = "def predict(w: float, x: float) -> float:\n"
    turned = block("tinyfit/model.py", head, "def predict(x: float, w: float) -> float:\n")
    call = '    return {"error": math.fabs(predict(rate, 2.0))}\n'
    caller = block("tinyfit/experiments.py", call, call.replace("rate, 2.0", "2.0, rate"))
    edits, model = revise(f"{turned}\n\n{caller}")
    assert edits.paths == {"tinyfit/model.py", "tinyfit/experiments.py"}
    assert "Only for that may you\nalso edit `tinyfit/experiments.py`" in model.requests[0].text
    assert call in model.requests[0].text


def test_a_property_and_its_setter_are_one_name_with_two_interfaces() -> None:
    code = """\
class Teacher:
    @property
    def state(self):
        return self.kept

    @state.setter
    def state(self, value):
        self.kept = value
"""
    before = (SourceFile(path="teacher.py", text=code), SourceFile(path="user.py", text="teacher.state = 1\n"))
    assert interface_problems(before, (SourceFile(path="teacher.py", text=f"{code}\n\nmore = 1\n"), before[1])) == []
    (problem,) = interface_problems(before, (SourceFile(path="teacher.py", text="class Teacher: ...\n"), before[1]))[:1]
    assert problem.startswith("`Teacher.state` of `teacher.py` cannot be called as before, but `user.py`")


def test_the_reviewer_is_not_told_how_the_code_came_about() -> None:
    model = Scripted({"review": GOOD})
    review(model)
    (request,) = model.requests
    assert not re.search(r"engineer|you write|PaperCoder|generated|agent", request.system + request.text)


def test_lines_that_were_not_shown_are_no_evidence() -> None:
    seen = [("tinyfit/model.py", 3), ("tinyfit/experiments.py", 1)]
    model = Scripted({"review": verdicts(("R1", "implemented", seen), ("R3", "missing", []))})
    excerpt = Excerpt(path="tinyfit/experiments.py", lines={n: line for n, line in AROUND[0].lines.items() if n > 9})
    assert [place.path for place in review(model, (excerpt,)).verdicts[0].evidence] == ["tinyfit/model.py"]


def test_files_that_share_a_request_get_their_own_verdicts_each() -> None:
    own = (requirement("R2"),)
    kept = verdicts(("R4", "implemented", [("tinyfit/experiments.py", 1)])).verdicts
    both = (
        Question(file=MODEL, requirements=NEEDS, around=AROUND),
        Question(file=MAIN, requirements=own, around=CallGraph(CODE).around([MAIN.path]), kept=kept),
    )
    answer = verdicts(*(("R2", "missing", []), *[(each.requirement, each.verdict, []) for each in GOOD.verdicts[1:]]))
    model = Scripted({"review": answer.model_copy(update={"verdicts": (*answer.verdicts, GOOD.verdicts[0])})})
    first, second = asyncio.run(review_files(make_agents(model), both, PAPER, "seed: 0\n", CHOSEN))
    assert first == GOOD
    assert [verdict.requirement for verdict in second.verdicts] == ["R2", "R4"]
    (request,) = model.requests
    assert "What the files call, and what calls them\n\n<document" in request.text
    assert request.text.count("`tinyfit/experiments.py`:") == request.text.count("`tinyfit/model.py`:") == 2


def test_small_files_share_a_request_and_large_ones_do_not() -> None:
    def groups(window: int, *sizes: int) -> list[list[int]]:
        files = [SourceFile(path=f"{size}.py", text="x = 1\n" * size) for size in sizes]
        questions = [Question(file=file, requirements=NEEDS) for file in files]
        agents = make_agents(Scripted({}, context_window=window))
        return [[len(each.file.text.splitlines()) for each in group] for group in shared_requests(agents, questions)]

    assert groups(200_000, 900, 2700, 800, 1000) == [[900, 800], [2700], [1000]]
    assert groups(16_000, 400, 200, 200) == [[400, 200], [200]]


def test_only_an_assumption_can_be_amended() -> None:
    def proposing(name: str, quote: str = "") -> Verdicts:
        proposal = ProposedAmendment(requirement=name, statement="The data are measured.", reason="2", quote=quote)
        return GOOD.model_copy(update={"amendments": (proposal,)})

    model = Scripted({"review": [proposing("R1"), proposing("R7")]})
    assert review(model).amendments == proposing("R7").amendments
    assert "R1 is not an assumed requirement; only these can be amended." in model.requests[1].text


def test_what_is_implemented_takes_a_line() -> None:
    answer = """{"implemented": ["R1 src/a.py:3,9 src/b.py:2", "R2: src/a.py:4-6"],
        "verdicts": [{"requirement": "R3", "verdict": "partly", "evidence": "src/a.py:7", "reason": "No bias."}]}"""
    found = Json(Verdicts).read(answer)
    assert [(item.requirement, item.verdict, item.reason) for item in found.verdicts] == [
        ("R1", "implemented", ""),
        ("R2", "implemented", ""),
        ("R3", "partly", "No bias."),
    ]
    places = [[(place.path, place.line) for place in item.evidence] for item in found.verdicts]
    assert places == [
        [("src/a.py", 3), ("src/a.py", 9), ("src/b.py", 2)],
        [("src/a.py", 4), ("src/a.py", 6)],
        [("src/a.py", 7)],
    ]
    assert Verdicts.model_validate_json(found.model_dump_json()) == found
    with pytest.raises(InvalidAnswerError, match="not an id and its lines"):
        Json(Verdicts).read('{"implemented": ["all of them"]}')
