"""Reviewing: verdicts where something changed, edits where something is wrong, and an end."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from papercoder.artifacts import CheckReport, Finding, Location, Requirements, SourceFile, Verdict, Verdicts
from papercoder.models.contract import Request
from papercoder.pipeline.publisher import Files
from papercoder.pipeline.rounds import Problem, ReviewRounds, conflicts, grouped, problems_of
from papercoder.repository.config_text import to_yaml
from papercoder.runs.events import Warned
from tests.scripted import CODE, DESIGN, Workshop, block, verdict
from tests.support import CONFIG, MODEL_PY, PAPER, Says, Scripted, architecture, git, history_of, of_kind, requirement

CONFIGURATION = (
    SourceFile(path="config.yaml", text=to_yaml(CONFIG)),
    SourceFile(path="config.smoke.yaml", text=to_yaml(CONFIG, smoke=True)),
)
FIX = block("tinyfit/model.py", "    return w * x\n", "    return float(w) * x\n")

Shop = Callable[..., Workshop]


def until_fixed(request: Request) -> Verdicts:
    """The model's file is wrong until it is edited."""
    wrong = "float(w)" not in request.text
    return verdict(request, "contradicts", "w is taken as text.", "tinyfit/model.py") if wrong else verdict(request)


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
    monkeypatch.setattr("papercoder.pipeline.rounds.check", lambda _: CheckReport(files=2, checks=()))


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
    assert asked(workshop, "review") == ["tinyfit/model.py"]
    assert "Requirements of `tinyfit/experiments.py`:" in workshop.model.of("review")[0].text
    assert asked(workshop, "revise") == []


def test_what_is_wrong_is_revised_and_reviewed_again(shop: Shop, nothing_found: None) -> None:
    workshop = shop(until_fixed, revises)
    code = play(workshop)
    assert "float(w)" in code[0].text == workshop.text("tinyfit/model.py")
    assert asked(workshop, "revise") == ["tinyfit/model.py"]
    assert asked(workshop, "review") == ["tinyfit/model.py", "tinyfit/model.py"]
    assert "Requirements of `tinyfit/experiments.py`:" not in workshop.model.of("review")[1].text
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
    workshop = shop("{", FIX)
    assert play(workshop) == CODE
    verdicts = asyncio.run(reviewing(workshop).verdicts(CODE))
    assert verdicts.verdicts == ()
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

    monkeypatch.setattr("papercoder.pipeline.rounds.check", check)
    broken = SourceFile(path="tinyfit/model.py", text=MODEL_PY.replace("w * x", "w * y"))
    workshop = shop(verdict, block("tinyfit/model.py", "    return w * y\n", "    return w * x\n"))
    assert play(workshop, (broken, CODE[1])) == CODE
    assert "`tinyfit/model.py`, line 3: No `y`. Use x." in workshop.model.of("revise")[0].text


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


THREE = "def predict(w: float, x: float, b: float) -> float:\n    # R1: scaled input\n    return w * x + b\n"
LINE = THREE.splitlines(keepends=True)[0]
FITTED = block("tinyfit/model.py", LINE, LINE.replace("b: float", "b: float = 0.0"))


def test_tests_are_not_shown_to_the_reviewer(shop: Shop, nothing_found: None) -> None:
    workshop = shop(verdict, FIX)
    test = "from tinyfit.model import predict\n\n\ndef test_predict():\n    assert predict(2.0, 3.0) == 6.0\n"
    files = (*CODE, SourceFile(path="tests/test_tinyfit_model.py", text=test))
    asyncio.run(reviewing(workshop).verdicts(files))
    requests = workshop.model.of("review")
    assert requests
    assert not any("test_predict" in request.text for request in requests)


def reconciled(workshop: Workshop, code: Files) -> Files:
    async def work() -> Files:
        await workshop.publish.history.init()
        await workshop.publish(CONFIGURATION, "Planning: the configuration")
        return await reviewing(workshop).reconcile(await workshop.begin(code))

    return asyncio.run(work())


def test_files_that_do_not_fit_are_edited_together(shop: Shop) -> None:
    workshop, code = shop(verdict, FITTED), (SourceFile(path="tinyfit/model.py", text=THREE), CODE[1])
    fitted = reconciled(workshop, code)
    assert "b: float = 0.0" in fitted[0].text == workshop.text("tinyfit/model.py")
    (request,) = workshop.model.requests
    assert "Missing positional argument `b` in call to `predict`" in request.text
    assert "You may edit `tinyfit/experiments.py`, `tinyfit/model.py`." in request.text
    assert "Coding: edits where files did not fit" in history_of(workshop.folder / "repo")[0]
    assert reconciled(workshop, code) == fitted
    assert len(workshop.model.requests) == 1


def test_files_that_fit_are_not_edited(shop: Shop) -> None:
    workshop = shop(verdict, FIX)
    assert reconciled(workshop, CODE) == CODE
    assert workshop.model.requests == []


def a_finding(check: str, message: str, **changes: object) -> CheckReport:
    found = {"check": check, "severity": "error", "path": "tinyfit/experiments.py", "line": 15, "advice": "Fix it."}
    finding = Finding.model_validate({**found, "message": message, **changes})
    return CheckReport(files=2, checks=(check,), findings=(finding,))


@pytest.mark.parametrize(
    ("report", "found"),
    [
        (a_finding("calls", "Too many arguments for `predict`."), True),
        (a_finding("calls", "Argument 1 to `predict` has an unexpected type.", severity="warning"), True),
        (a_finding("imports", "`tinyfit.model` has no `train`."), True),
        (a_finding("calls", "Value of type `float` is not indexable."), True),
        (a_finding("calls", "Value of type `float` is not indexable.", line=9), False),
        (a_finding("names", "Undefined name `y`.", line=9), False),
        (a_finding("marks", "`predict` has no mark."), False),
        (a_finding("calls", "Too many arguments for `predict`.", path="tinyfit/model.py"), False),
    ],
)
def test_only_what_concerns_two_files_is_a_conflict(report: CheckReport, found: bool) -> None:
    both = ("tinyfit/experiments.py", "tinyfit/model.py")
    assert [problem.files for problem in conflicts(report, CODE, DESIGN)] == ([both] if found else [])


NOTHING = CheckReport(files=2, checks=())


def test_a_problem_names_the_files_of_its_evidence_and_its_owner() -> None:
    wrong = Verdicts.model_validate(
        {"verdicts": [{"requirement": "R2", "verdict": "partly", "degradation": "dropped_term", "reason": "Half."}]}
    )
    said = "R2 is partly, dropped term (nowhere): Half. Required: The learning rate is 0.05."
    assert problems_of(wrong, NOTHING, DESIGN) == (Problem(said, ("tinyfit/experiments.py",)),)
    (elsewhere,) = problems_of(verdict_at("R1", "tinyfit/experiments.py"), NOTHING, DESIGN)
    assert elsewhere.files == ("tinyfit/experiments.py", "tinyfit/model.py")


def test_a_deliberate_gap_stays_reported_and_is_not_revised() -> None:
    short = Verdict(requirement="R2", verdict="partly", chosen_in=("R1",), reason="The paper trains longer.")
    verdicts = Verdicts(verdicts=(short,))
    assert problems_of(verdicts, NOTHING, DESIGN) == ()
    assert verdicts.failed == (short,)


def test_problems_with_a_file_in_common_are_revised_together() -> None:
    problems = [
        Problem("1", ("a.py",)),
        Problem("2", ("b.py",)),
        Problem("3", ("c.py",)),
        Problem("4", ("a.py", "c.py")),
    ]
    assert [[each.text for each in group] for group in grouped(problems)] == [["2"], ["1", "3", "4"]]


def test_a_fault_that_shows_elsewhere_is_fixed_across_files(shop: Shop, nothing_found: None) -> None:
    head, call = "def predict(w: float, x: float)", "predict(rate, 2.0)"
    fix = "\n\n".join(
        (
            block("tinyfit/model.py", f"{head} -> float:\n", "def predict(x: float, w: float) -> float:\n"),
            block(
                "tinyfit/experiments.py",
                f'    return {{"error": math.fabs({call})}}\n',
                '    return {"error": math.fabs(predict(2.0, rate))}\n',
            ),
        )
    )

    def judged(request: Request) -> Verdicts:
        if call not in request.text:
            return verdict(request)
        exchanged = "The arguments are exchanged."
        *others, found = verdict(request, "contradicts", exchanged, "tinyfit/experiments.py").verdicts
        evidence = (*found.evidence, Location(path="tinyfit/model.py", line=1))
        return Verdicts(verdicts=(*others, found.model_copy(update={"evidence": evidence})))

    workshop = shop(judged, fix)
    code = play(workshop)
    assert "def predict(x: float, w: float)" in code[0].text
    assert "predict(2.0, rate)" in code[1].text
    assert asked(workshop, "revise") == ["tinyfit/experiments.py"]


def test_a_revision_with_new_errors_goes_back_once_and_is_then_dropped(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(folder: Path) -> CheckReport:
        text = (folder / "tinyfit/model.py").read_text(encoding="utf-8")
        error = Finding(check="types", severity="error", path="tinyfit/model.py", line=3, message="No.", advice="")
        return CheckReport(files=2, checks=("types",), findings=(error,) if "float(w)" in text else ())

    monkeypatch.setattr("papercoder.pipeline.rounds.check", check)
    workshop = shop(until_fixed, lambda request: "NO EDITS" if "line 3: No." in request.text else FIX)
    assert play(workshop, rounds=1) == CODE
    assert asked(workshop, "revise") == ["tinyfit/model.py", "tinyfit/model.py"]
    (warning,) = of_kind(workshop.events, Warned)
    assert "the checks find new errors in tinyfit/model.py" in warning.message


def test_only_requirements_whose_code_changed_are_reviewed_again(shop: Shop, nothing_found: None) -> None:
    model = SourceFile(
        path="tinyfit/model.py",
        text=f"{MODEL_PY}\n\ndef loss(y: float) -> float:\n    # R3: squared\n    return y * y\n",
    )
    design = replace(
        DESIGN,
        requirements=Requirements(items=(*DESIGN.requirements.items, requirement("R3", statement="It is squared."))),
        architecture=architecture(model=("R1", "R3"), experiments=("R2",)),
    )

    def judged(request: Request) -> Verdicts:
        wanted = [name for name in ("R1", "R2", "R3") if f"- {name} (" in request.messages[-1].text]
        wrong = "float(w)" not in request.text
        lines = {"R1": 3, "R2": 8, "R3": 8}
        return Verdicts(
            verdicts=tuple(
                Verdict(
                    requirement=name,
                    verdict="contradicts" if name == "R1" and wrong else "implemented",
                    evidence=(Location(path=request.subject, line=lines[name]),),
                    reason="So.",
                )
                for name in wanted
            )
        )

    more = block("tinyfit/model.py", "    return w * x\n", "    w = float(w)\n    return w * x\n")
    workshop = shop(judged, more)

    async def work() -> Verdicts:
        reviews = ReviewRounds(workshop.run, PAPER, design, CONFIGURATION, workshop.publish)
        code = await reviews.run_rounds(await workshop.begin((model, CODE[1])), 2)
        return await reviews.verdicts(code)

    verdicts = {item.requirement: item for item in asyncio.run(work()).verdicts}
    again = workshop.model.of("review")[-1]
    assert again.subject == "tinyfit/model.py"
    assert "- R1 (" in again.text
    assert "- R3 (" not in again.text
    assert verdicts["R3"].evidence[0].line == 9, "the line moved with its code"
    assert verdicts["R1"].verdict == "implemented"


def verdict_at(name: str, path: str) -> Verdicts:
    where = (Location(path=path, line=1),)
    return Verdicts(verdicts=(Verdict(requirement=name, verdict="contradicts", evidence=where, reason="Wrong."),))
