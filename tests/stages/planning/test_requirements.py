"""Requirements: found by part, merged, held against the paper's words, numbered in its order for good."""

import asyncio
import re

from papercoder.artifacts import (
    Critique,
    OverallPlan,
    Paper,
    Paragraph,
    RequirementDraft,
    RequirementDrafts,
    Section,
    Violation,
)
from papercoder.runs.events import AnswerRejected, Event
from papercoder.stages.planning.requirements import (
    ChangedRequirement,
    RequirementChanges,
    complete_requirements,
    find_requirements,
    numbered,
    parts_of,
    questions_of,
)
from tests.support import PAPER, PLAN, Scripted, draft, make_agents, of_kind

LOSS = draft(
    statement="The loss is the mean squared error.",
    anchor="1¶2",
    quote="The loss is the mean squared error",
    kind="training",
)
RATE = draft(statement="The learning rate is 0.05.", anchor="2¶1", quote="a learning rate of 0.05", kind="training")
SEEDS = draft(
    statement="Five seeds are run.", anchor="2", quote="", kind="experiment", status="assumed", alternatives=("three",)
)
MADE_UP = draft(statement="Dropout is 0.3.", anchor="2¶1", quote="with dropout of 0.3")
NOTHING = RequirementChanges()
FINE = Critique()


def drafts(*found: RequirementDraft) -> RequirementDrafts:
    return RequirementDrafts(requirements=found)


def test_an_anchor_in_brackets_is_the_anchor() -> None:
    (item,) = numbered(PAPER, [draft(status="assumed", quote="", anchor="[2]")]).items
    assert item.anchor == "2"


def test_every_part_is_asked_about_and_the_papers_order_kept() -> None:
    long = Paragraph(anchor="1¶9", text="More words. " * 500)
    first = PAPER.sections[0].model_copy(update={"blocks": (*PAPER.sections[0].blocks, long)})
    paper = PAPER.model_copy(update={"sections": (first, *PAPER.sections[1:])})
    model = Scripted({"requirements": lambda request: drafts(LOSS) if request.subject == "1" else drafts(RATE)})
    found = asyncio.run(find_requirements(make_agents(model), paper))
    assert found.requirements == (LOSS, RATE)
    assert {request.subject for request in model.requests} == {"1", "2"}
    assert all(paper.abstract in request.text for request in model.requests)
    assert "40 epochs" not in next(request.text for request in model.requests if request.subject == "1")


def test_a_quote_that_the_paper_does_not_have_goes_back_once_and_then_is_an_assumption() -> None:
    events = list[Event]()
    model = Scripted({"requirements": drafts(MADE_UP)})
    found = asyncio.run(find_requirements(make_agents(model, events.append), PAPER))
    assert [request.round for request in model.of("requirements")] == [0, 1]
    assert all("The paper does not say" in event.reason for event in of_kind(events, AnswerRejected))
    (item,) = numbered(PAPER, found.requirements).items
    assert (item.status, item.quote_found) == ("assumed", False)


def test_numbers_follow_the_paper_and_assumptions_come_last() -> None:
    items = numbered(PAPER, [SEEDS, RATE, LOSS, draft()]).items
    assert [(item.id, item.anchor) for item in items] == [("R1", "1¶1"), ("R2", "1¶2"), ("R3", "2¶1"), ("R4", "2")]
    assert all(item.quote_found for item in items)


def test_a_quote_found_elsewhere_takes_its_true_anchor() -> None:
    (item,) = numbered(PAPER, [LOSS.model_copy(update={"anchor": "9.9"})]).items
    assert item.anchor == "1¶2"


def test_what_says_the_same_is_kept_once_and_other_numbers_are_not_the_same() -> None:
    again = LOSS.model_copy(update={"statement": "the loss  is the mean squared error"})
    faster = RATE.model_copy(update={"statement": "The learning rate is 0.06."})
    assert [item.statement for item in numbered(PAPER, [LOSS, again, RATE, faster]).items] == [
        LOSS.statement,
        RATE.statement,
        faster.statement,
    ]


def complete(model: Scripted, *found: RequirementDraft, refine: int = 1, plan: OverallPlan = PLAN) -> list[str]:
    made = asyncio.run(complete_requirements(make_agents(model), PAPER, plan, drafts(*found), refine))
    return [item.statement for item in made.items]


def test_what_is_missing_is_added() -> None:
    model = Scripted({"gaps": RequirementChanges(add=(SEEDS,)), "verify": FINE})
    assert complete(model, LOSS) == [LOSS.statement, SEEDS.statement]
    (gaps,) = model.of("gaps")
    assert "R1 (training, stated): The loss is the mean squared error. [1¶2]" in gaps.text
    assert "The overall plan" not in gaps.text


def test_what_the_plan_found_unclear_is_shown_where_the_list_is_completed() -> None:
    model = Scripted({"gaps": RequirementChanges(), "verify": FINE})
    complete(model, LOSS, plan=PLAN.model_copy(update={"unclear": ("Which seed?",)}))
    assert "Which seed?" in model.of("gaps")[0].text


def test_ids_stay_when_a_list_is_completed_and_corrected() -> None:
    """Repetitions are dropped, corrections keep their id, and no id is given twice."""
    squared = draft(statement="The squared error is averaged.", anchor="[1¶2]", quote="averaged over the batch")
    right = RATE.model_copy(update={"statement": "The learning rate is 0.05, constant."})
    gap = RequirementChanges(
        drop=("R1",),
        change=(ChangedRequirement(**{**dict(LOSS), "statement": "The mean squared error, per batch."}, id="R2"),),
        add=(SEEDS,),
    )
    correction = RequirementChanges(drop=("R4",), change=(ChangedRequirement(**dict(right), id="R3"),), add=(draft(),))
    critique = Critique(violations=(Violation(where="R3", what="wrong", correction="right"),))
    model = Scripted({"gaps": gap, "verify": [critique, FINE], "refine_requirements": correction})
    found = drafts(draft(statement="The target is a scaled input.", quote="as a scaled input"), LOSS, RATE)
    requirements = asyncio.run(complete_requirements(make_agents(model), PAPER, PLAN, found, 2))
    assert [(item.id, item.statement) for item in requirements.items] == [
        ("R2", "The mean squared error, per batch."),
        ("R3", right.statement),
        ("R5", draft().statement),
    ]
    assert requirements.items[0].anchor == squared.anchor == "1¶2"
    assert [request.subject for request in model.of("verify")] == ["gaps", "gaps 2"]


def test_changes_of_unknown_requirements_go_back() -> None:
    model = Scripted({"gaps": [RequirementChanges(drop=("R7",)), RequirementChanges()]})
    assert complete(model, LOSS, refine=0) == [LOSS.statement]
    assert "R7 is not in the list." in model.of("gaps")[1].text


def test_without_rounds_nothing_is_verified() -> None:
    model = Scripted({"gaps": NOTHING})
    assert complete(model, LOSS, refine=0) == [LOSS.statement]


def test_long_sections_are_parted_and_short_ones_joined_with_theirs() -> None:
    def section(anchor: str, level: int, words: int) -> Section:
        text = Paragraph(anchor=f"{anchor}¶1", text="word " * words)
        return Section(anchor=anchor, level=level, title="T", blocks=(text,))

    paper = Paper(
        title="T",
        abstract="",
        source="latex",
        sections=(section("1", 1, 9), section("1.1", 2, 9), section("1.2", 2, 4000), section("2", 1, 9)),
    )
    assert [[part.anchor for part in parts] for parts in parts_of(paper)] == [["1", "1.1"], ["1.2"], ["2"]]


def test_short_sections_share_a_request_and_long_ones_have_their_own() -> None:
    def section(anchor: str, words: int) -> Section:
        text = Paragraph(anchor=f"{anchor}¶1", text="word " * words)
        return Section(anchor=anchor, level=1, title="T", blocks=(text,))

    sizes = {"1": 400, "2": 2000, "3": 900, "0": 5, "4": 900, "5": 900, "app:A": 300, "app:B": 300}
    paper = PAPER.model_copy(update={"sections": tuple(section(*each) for each in sizes.items())})
    asked = questions_of(paper)
    assert list(asked) == ["1, 3, 4", "2", "5, app:A, app:B"]
    assert [part.anchor for part in asked["1, 3, 4"]] == ["1", "3", "4"]


def test_ids_are_lines_that_a_machine_can_read() -> None:
    model = Scripted({"gaps": NOTHING})
    complete(model, LOSS, RATE, refine=0)
    assert re.findall(r"^- (R\d+) ", model.of("gaps")[0].text, re.MULTILINE) == ["R1", "R2"]
