"""The whole repository in one answer: what its writer reads, and what goes back."""

import asyncio

import pytest

from papercoder.artifacts import OverallPlan, SourceFile
from papercoder.errors import AnswerError
from papercoder.models.contract import Answer, Price, Request
from papercoder.models.retries import ContinuingModel
from papercoder.settings import ROLES
from papercoder.stages.coding import write_whole
from tests.support import MODEL_PY, PAPER, PLAN, Scripted, make_agents

MAIN_PY = "from model import predict\n\nprint(predict(1.0, 2.0))\n"
ANSWER = f"model.py\n````python\n{MODEL_PY}````\n\nmain.py\n````python\n{MAIN_PY}````\n"
FILES = (SourceFile(path="model.py", text=MODEL_PY), SourceFile(path="main.py", text=MAIN_PY))


def write(model: Scripted, plan: OverallPlan | None = None) -> tuple[SourceFile, ...]:
    return asyncio.run(write_whole(make_agents(model), PAPER, plan))


def test_the_writer_reads_the_paper_and_the_plan_where_there_is_one() -> None:
    model = Scripted({"whole": ANSWER})
    assert write(model) == write(model, PLAN) == FILES
    alone, planned = model.requests
    assert (alone.agent, alone.subject) == ("whole", "")
    for words in ("We train for 40 epochs", "This repository has no configuration files", "````"):
        assert words in alone.text
    assert PLAN.training not in alone.text
    assert PLAN.training in planned.text


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ANSWER.replace("main.py\n", "../x.py\n"), "`../x.py` leads out of the repository."),
        (ANSWER.replace("main.py\n", ".git/config\n"), "`.git` is a reserved name."),
        (ANSWER.replace("main.py\n", "run.py\n"), "`main.py` is missing."),
        (ANSWER[: len(ANSWER) // 2], "The block of `model.py` is incomplete: it has no closing fence."),
    ],
)
def test_what_cannot_be_taken_goes_back(answer: str, reason: str) -> None:
    model = Scripted({"whole": [answer, ANSWER]})
    assert write(model) == FILES
    assert reason in model.requests[1].text


def test_hostile_paths_are_never_taken() -> None:
    with pytest.raises(AnswerError, match=r"`/etc/x\.py` leads out of the repository"):
        write(Scripted({"whole": ANSWER.replace("model.py\n", "/etc/x.py\n")}))


class Cut:
    """Gives the first half of its answer, and the rest when it is asked to continue."""

    name, context_window, price = "cut:test", 200_000, Price(prompt=0.0, cached=0.0, completion=0.0)

    async def answer(self, request: Request) -> Answer:
        half = len(ANSWER) // 2
        if request.messages[-2].role == "assistant":
            return Answer(text=ANSWER[half:])
        return Answer(text=ANSWER[:half], finish="length")


def test_an_answer_that_the_model_cut_is_continued() -> None:
    context = make_agents(Scripted({}))
    whole = type(context)(
        dict.fromkeys(ROLES, ContinuingModel(Cut())), context.prompts, context.emit, 4000, 0, "runs/tiny"
    )
    assert asyncio.run(write_whole(whole, PAPER, PLAN)) == FILES
