"""Reviewing: verdicts where something changed, edits where something is wrong, and an end."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder.artifacts import CheckReport, Finding, Location, SourceFile, Verdict, Verdicts
from papercoder.models.contract import Request
from papercoder.pipeline.publisher import Files
from papercoder.pipeline.review_rounds import ReviewRounds, problems_by_file
from papercoder.repository.config_text import to_yaml
from papercoder.runs.events import Warned
from tests.scripted import CODE, DESIGN, Workshop, block, verdict
from tests.support import CONFIG, MODEL_PY, PAPER, Says, Scripted, git, history_of, of_kind

CONFIGURATION = (
    SourceFile(path="config.yaml", text=to_yaml(CONFIG)),
    SourceFile(path="config.smoke.yaml", text=to_yaml(CONFIG, smoke=True)),
)
FIX = block("tinyfit/model.py", "    return w * x\n", "    return float(w) * x\n")

Shop = Callable[..., Workshop]


def until_fixed(request: Request) -> Verdicts:
    """The model's file is wrong until it is edited."""
    wrong = request.subject == "tinyfit/model.py" and "float(w)" not in request.text
    return verdict(request, "contradicts", "w is taken as text.") if wrong else verdict(request)


def revises(request: Request) -> str:
    return FIX if request.subject == "tinyfit/model.py" else "NO EDITS"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    def make(review: Says, revise: Says) -> Workshop:
        return Workshop(tmp_path / "run", Scripted({"review": review, "revise": revise}))

    return make


@pytest.fixture
def nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checking takes seconds; what it finds has tests of its own."""
    monkeypatch.setattr("papercoder.pipeline.review_rounds.check", lambda _: CheckReport(files=2, checks=()))


def reviewing(workshop: Workshop) -> ReviewRounds:
    return ReviewRounds(workshop.run, PAPER, DESIGN, CONFIGURATION, workshop.publish)


def play(workshop: Workshop, code: Files = CODE, rounds: int = 3) -> Files:
    async def work() -> Files:
        await workshop.publish.history.init()
        await workshop.publish(CONFIGURATION, "Planning: the configuration")
        return await reviewing(workshop).run_rounds(await workshop.begin(code), rounds)

    return asyncio.run(work())


def asked(workshop: Workshop, agent: str) -> list[str]:
    return sorted(request.subject for request in workshop.model.of(agent))


def test_what_is_right_is_reviewed_once_and_left_alone(shop: Shop, nothing_found: None) -> None:
    workshop = shop(verdict, FIX)
    assert play(workshop) == CODE
    assert asked(workshop, "review") == ["tinyfit/experiments.py", "tinyfit/model.py"]
    assert asked(workshop, "revise") == []


def test_what_is_wrong_is_revised_and_reviewed_again(shop: Shop, nothing_found: None) -> None:
    workshop = shop(until_fixed, revises)
    code = play(workshop)
    assert "float(w)" in code[0].text == workshop.text("tinyfit/model.py")
    assert asked(workshop, "revise") == ["tinyfit/model.py"]
    assert asked(workshop, "review") == ["tinyfit/experiments.py", "tinyfit/model.py", "tinyfit/model.py"]
    assert "Review: round 1" in history_of(workshop.folder / "repo")[0]


def test_the_reviser_reads_verdict_lines_and_requirement(shop: Shop, nothing_found: None) -> None:
    workshop = shop(until_fixed, revises)
    play(workshop)
    (request,) = workshop.model.of("revise")
    assert (
        "R1 is contradicts (`tinyfit/model.py:1`): w is taken as text. Required: The prediction is w x." in request.text
    )


def test_rounds_are_bounded(shop: Shop, nothing_found: None) -> None:
    def adds_a_line(request: Request) -> str:
        first = (
            "def predict(w: float, x: float) -> float:\n" if request.subject == "tinyfit/model.py" else "import math\n"
        )
        return block(request.subject, first, f"more = 1\n{first}")

    workshop = shop(lambda request: verdict(request, "partly", "Not yet."), adds_a_line)
    code = play(workshop, rounds=2)
    assert asked(workshop, "revise") == [
        "tinyfit/experiments.py",
        "tinyfit/experiments.py",
        "tinyfit/model.py",
        "tinyfit/model.py",
    ]
    assert code[0].text.count("more = 1") == 2


def test_a_reviser_without_a_fit_answer_does_not_end_the_run(shop: Shop, nothing_found: None) -> None:
    workshop = shop(until_fixed, "I cannot.")
    assert play(workshop) == CODE
    (warning,) = of_kind(workshop.events, Warned)
    assert warning.where == "review/round-1/tinyfit/model.py.json"


def test_a_reviewer_without_a_fit_answer_gives_no_verdict(shop: Shop, nothing_found: None) -> None:
    workshop = shop(lambda request: "{" if request.subject == "tinyfit/model.py" else verdict(request), FIX)
    assert play(workshop) == CODE
    verdicts = asyncio.run(reviewing(workshop).verdicts(CODE))
    assert [item.requirement for item in verdicts.verdicts] == ["R2"]
    assert of_kind(workshop.events, Warned)[0].where == "review/tinyfit/model.py.json"


def test_a_problem_that_is_not_fixed_ends_the_rounds(shop: Shop, nothing_found: None) -> None:
    workshop = shop(lambda request: verdict(request, "missing", "No."), "NO EDITS")
    assert play(workshop, rounds=9) == CODE
    assert asked(workshop, "revise") == ["tinyfit/experiments.py", "tinyfit/model.py"]


def test_zero_rounds_make_no_calls(shop: Shop, nothing_found: None) -> None:
    workshop = shop(verdict, FIX)
    assert play(workshop, rounds=0) == CODE
    assert workshop.model.requests == []


def test_findings_of_checking_are_revised_too(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(folder: Path) -> CheckReport:
        found = Finding(
            check="names", severity="error", path="tinyfit/model.py", line=3, message="No `y`.", advice="Use x."
        )
        broken = "w * y" in (folder / "tinyfit/model.py").read_text(encoding="utf-8")
        return CheckReport(files=2, checks=("names",), findings=(found,) if broken else ())

    monkeypatch.setattr("papercoder.pipeline.review_rounds.check", check)
    broken = SourceFile(path="tinyfit/model.py", text=MODEL_PY.replace("w * x", "w * y"))
    workshop = shop(verdict, block("tinyfit/model.py", "    return w * y\n", "    return w * x\n"))
    assert play(workshop, (broken, CODE[1])) == CODE
    assert "Line 3: No `y`. Use x." in workshop.model.of("revise")[0].text


def test_a_requirement_without_its_mark_is_a_finding(shop: Shop) -> None:
    unmarked = SourceFile(path="tinyfit/model.py", text=MODEL_PY.replace("    # R1: scaled input\n", ""))
    found = asyncio.run(reviewing(shop(verdict, FIX)).findings((unmarked, CODE[1])))
    assert [error.message for error in found.errors] == ["No comment marks R1: The prediction is w x."]


def test_findings_do_not_depend_on_what_a_former_run_left(shop: Shop) -> None:
    workshop = shop(verdict, FIX)
    play(workshop, rounds=0)
    before = asyncio.run(reviewing(workshop).findings(CODE))
    (workshop.folder / "repo" / "TRACEABILITY.json").write_text("{}", encoding="utf-8")
    (workshop.folder / "repo" / "old.py").write_text("x = (", encoding="utf-8")
    assert asyncio.run(reviewing(workshop).findings(CODE)) == before
    assert before.errors == ()


def test_a_revision_of_another_file_is_refused(shop: Shop, nothing_found: None) -> None:
    other = block("tinyfit/experiments.py", "import json\n", "import json\nimport sys\n")
    workshop = shop(until_fixed, lambda request: FIX if request.round else other)
    assert play(workshop)[1] == CODE[1]
    assert "`tinyfit/experiments.py` may not be edited here" in workshop.model.of("revise")[1].text


def test_a_file_of_the_user_is_reviewed_and_not_revised(shop: Shop, nothing_found: None) -> None:
    workshop = shop(until_fixed, revises)
    play(workshop, rounds=0)
    mine = workshop.folder / "repo" / "tinyfit/model.py"
    mine.write_text(MODEL_PY + "# mine\n", encoding="utf-8")
    code = play(workshop)
    assert asked(workshop, "revise") == []
    assert code[0].text == MODEL_PY + "# mine\n"


def test_resuming_makes_no_calls_and_no_commit(shop: Shop, nothing_found: None) -> None:
    workshop = shop(until_fixed, revises)
    first = play(workshop)
    history, count = history_of(workshop.folder / "repo"), len(workshop.model.requests)
    assert play(workshop) == first
    assert len(workshop.model.requests) == count
    assert history_of(workshop.folder / "repo") == history
    assert git(workshop.folder / "repo", "diff", "HEAD", "--name-only") == ""


def test_a_final_verdict_of_what_did_not_change_costs_nothing(shop: Shop, nothing_found: None) -> None:
    workshop = shop(until_fixed, revises)
    play(workshop)
    count = len(workshop.model.requests)

    async def go_on() -> Verdicts:
        resumed = reviewing(workshop)
        return await resumed.verdicts(await resumed.run_rounds(CODE, 2))

    verdicts = asyncio.run(go_on())
    assert len(workshop.model.requests) == count
    assert verdicts.failed == ()
    assert {item.requirement for item in verdicts.verdicts} == {"R1", "R2"}


def test_problems_stand_at_the_owner_of_the_requirement() -> None:
    wrong = Verdicts.model_validate(
        {"verdicts": [{"requirement": "R2", "verdict": "partly", "degradation": "dropped_term", "reason": "Half."}]}
    )
    assert problems_by_file(wrong, CheckReport(files=2, checks=()), DESIGN) == {
        "tinyfit/experiments.py": ("R2 is partly, dropped term (nowhere): Half. Required: The learning rate is 0.05.",)
    }


def test_a_deliberate_gap_stays_reported_and_is_not_revised() -> None:
    short = Verdict(requirement="R2", verdict="partly", chosen_in=("R1",), reason="The paper trains longer.")
    verdicts = Verdicts(verdicts=(short,))
    assert problems_by_file(verdicts, CheckReport(files=2, checks=()), DESIGN) == {}
    assert verdicts.failed == (short,)


def test_a_problem_that_shows_in_another_file_is_revised_there() -> None:
    wrong = verdict_at("R1", "tinyfit/experiments.py")
    found = problems_by_file(wrong, CheckReport(files=2, checks=()), DESIGN)
    assert list(found) == ["tinyfit/experiments.py"]


def verdict_at(name: str, path: str) -> Verdicts:
    where = (Location(path=path, line=1),)
    return Verdicts(verdicts=(Verdict(requirement=name, verdict="contradicts", evidence=where, reason="Wrong."),))
