"""An invalid answer is retried with the reason, a limited number of times; what does not fit is not sent."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from papercoder.agents.agent import Agent, uses, without_thinking
from papercoder.agents.answers import Json, Prose
from papercoder.agents.context import Part, paper_part, text_part
from papercoder.agents.prompts import Prompts
from papercoder.artifacts import Critique, Paper, Paragraph, Section
from papercoder.errors import AnswerError, ContextError, SettingsError
from papercoder.models.contract import count_tokens
from papercoder.models.stack import journal_key
from papercoder.runs.events import AnswerRejected, Event, Warned
from papercoder.text.fences import fence
from tests.support import PAPER, Scripted, make_agents, of_kind

GOOD = Critique()
CHECKER = Agent("verify", "planning", Json(Critique))
WRITER = Agent("overall_plan", "planning", Prose())


def test_a_request_carries_what_to_read_then_the_task_and_its_form() -> None:
    model = Scripted({"verify": GOOD})
    read = (text_part("The plan", "Fit a line."), text_part("Nothing", ""))
    answer = asyncio.run(make_agents(model).ask(CHECKER, "architecture", read, instructions="Be good."))
    assert answer == GOOD
    (request,) = model.requests
    assert (request.agent, request.subject, request.round, request.max_tokens) == ("verify", "architecture", 0, 4000)
    assert request.system == f"{Prompts().render('system')}\n\n{Prompts().render('conventions')}"
    plan, task = request.messages
    assert plan.text == f"# The plan\n\n{fence('Fit a line.')}"
    assert plan.cache
    assert not task.cache
    assert "Be good." in task.text
    assert task.text.endswith(CHECKER.format.instructions)


def test_a_judge_has_its_own_system_prompt_and_is_called_again_when_it_changes(tmp_path: Path) -> None:
    judge = Agent("verify", "judge", Json(Critique), ("judge_system",))
    model = Scripted({"verify": ["What?", GOOD]})
    asyncio.run(make_agents(model).ask(judge, "", (), instructions=""))
    assert {request.system for request in model.requests} == {Prompts().render("judge_system")}
    (tmp_path / "judge_system.md").write_text("Judge.")
    for agent, same in ((judge, False), (CHECKER, True)):
        make = uses(agent)(lambda: None)
        assert (make_agents(model).fingerprint(make) == make_agents(model, prompts=tmp_path).fingerprint(make)) is same


def test_what_takes_all_the_room_that_is_left_is_read_whole() -> None:
    model = Scripted({"verify": GOOD}, context_window=5_000)
    agents = make_agents(model, max_tokens=500)
    room = agents.available_tokens(CHECKER, instructions="")
    whole, too_much = "word " * room, "word " * (room + 1)
    for text in (whole, too_much):
        asyncio.run(agents.ask(CHECKER, "", (Part("words", (text, "Fewer.")),), instructions=""))
    assert [request.messages[0].text for request in model.requests] == [whole, "Fewer."]


@pytest.mark.parametrize("opening", ["<think>\n", ""])
def test_thinking_is_not_taken_for_the_answer(opening: str) -> None:
    model = Scripted({"overall_plan": f"{opening}A draft.\n</think>\nThe answer."})
    assert asyncio.run(make_agents(model).ask(WRITER, "", ())) == "The answer.\n"


def test_an_invalid_answer_is_retried_with_the_reason() -> None:
    events = list[Event]()
    model = Scripted({"verify": ["What?", '{"violations": 3}', GOOD]})
    assert asyncio.run(make_agents(model, events.append).ask(CHECKER, "logic", (), instructions="")) == GOOD
    first, second, third = model.requests
    assert [request.round for request in model.requests] == [0, 1, 2]
    assert second.messages[: len(first.messages)] == first.messages
    assert [message.role for message in second.messages[len(first.messages) :]] == ["assistant", "user"]
    assert second.messages[-2].text == "What?"
    assert "The answer has no JSON object" in second.messages[-1].text
    assert "violations: Input should be a valid" in third.messages[-1].text
    assert "What?" not in third.text
    edit_problems = of_kind(events, AnswerRejected)
    assert [(event.agent, event.subject) for event in edit_problems] == [("verify", "logic")] * 2


def test_an_empty_answer_goes_back_too() -> None:
    model = Scripted({"overall_plan": ["", "Words."]})
    assert asyncio.run(make_agents(model).ask(WRITER, "", ())) == "Words.\n"
    assert model.requests[1].messages[-2].text == "(nothing)"


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_after_so_many_tries_it_gives_up_and_says_who_what_where(retries: int) -> None:
    model = Scripted({"verify": "No."})
    with pytest.raises(AnswerError) as caught:
        asyncio.run(make_agents(model, answer_retries=retries).ask(CHECKER, "src/model.py", (), instructions=""))
    assert len(model.requests) == 1 + retries
    for word in (
        "scripted:test",
        "verify",
        "src/model.py",
        f"{1 + retries} tries",
        "The answer has no JSON",
        "runs/tiny",
    ):
        assert word in str(caught.value)
    assert "--model planning=PROVIDER:NAME" in str(caught.value)


def test_what_a_check_complains_of_goes_back() -> None:
    model = Scripted({"overall_plan": ["short", "long enough"]})

    def check(text: str, _: int) -> list[str]:
        return ["It is too short.", "Really."] if len(text) < 10 else []

    assert asyncio.run(make_agents(model).ask(WRITER, "", (), check)) == "long enough\n"
    assert "It is too short.\nReally." in model.requests[1].messages[-1].text


def test_a_soft_check_gives_way() -> None:
    attempts = list[int]()

    def soft(_: str, attempt: int) -> list[str]:
        attempts.append(attempt)
        return ["Not nice."] if attempt == 0 else []

    model = Scripted({"overall_plan": "the same again"})
    assert asyncio.run(make_agents(model).ask(WRITER, "", (), soft)) == "the same again\n"
    assert attempts == [0, 1]


def long_paper(paragraphs: int) -> Paper:
    sections = tuple(
        Section(
            anchor=str(number),
            level=1,
            title=f"Part {number}",
            blocks=(Paragraph(anchor=f"{number}¶1", text=f"Word{number} " * 200),),
        )
        for number in range(1, paragraphs + 1)
    )
    return Paper(title="Long", abstract="Short.", sections=sections, source="markdown")


def test_a_paper_that_does_not_fit_is_shortened_with_a_warning() -> None:
    events = list[Event]()
    model = Scripted({"overall_plan": "Words."}, context_window=6000)
    paper = long_paper(20)
    asyncio.run(make_agents(model, events.append, max_tokens=500).ask(WRITER, "x", (paper_part(paper, ["7¶1"]),)))
    (warned,) = of_kind(events, Warned)
    assert warned.where == "overall_plan x"
    assert "the paper was shortened" in warned.message
    (request,) = model.requests
    assert "Word7" in request.text
    assert "Word8 " not in request.text
    assert "Part 8" in request.text
    assert count_tokens(request.text) + request.max_tokens <= 6000


def test_what_fits_is_not_shortened() -> None:
    events = list[Event]()
    model = Scripted({"overall_plan": "Words."})
    asyncio.run(make_agents(model, events.append).ask(WRITER, "", (paper_part(PAPER, ["1¶1"]),)))
    assert not of_kind(events, Warned)
    assert PAPER.abstract in model.requests[0].text


def test_where_nothing_fits_nothing_is_sent() -> None:
    model = Scripted({"overall_plan": "Words."}, context_window=2000)
    with pytest.raises(ContextError, match=r"overall_plan: even in .* 2000 tokens .* --model planning="):
        asyncio.run(make_agents(model).ask(WRITER, "", (Part("big", ("word " * 5000,)),)))
    assert model.requests == []


def test_a_refused_answer_that_leaves_no_room_is_not_sent_back_whole() -> None:
    model = Scripted({"overall_plan": ["word " * 900, "Words."]}, context_window=5_200)
    paper = text_part("The paper", "word " * 1200)
    answer = asyncio.run(
        make_agents(model, max_tokens=1000).ask(
            WRITER, "", (paper,), lambda text, _: ["Too long."] if len(text) > 100 else []
        )
    )
    assert answer == "Words.\n"
    for request in model.requests:
        assert count_tokens(request.text) + request.max_tokens <= 5_200
    assert "Too long." in model.requests[1].text


def test_the_fingerprint_covers_prompts_forms_and_models() -> None:
    @uses(CHECKER)
    def make() -> None: ...

    @uses(Agent("verify", "planning", Prose()))
    def other_form() -> None: ...

    def makes_no_calls() -> None: ...

    here, there = make_agents(Scripted({})), make_agents(Scripted({}, name="scripted:other"))
    assert here.fingerprint(make) == make_agents(Scripted({})).fingerprint(make)
    assert here.fingerprint(make) != there.fingerprint(make)
    assert here.fingerprint(make) != here.fingerprint(other_form)
    assert here.fingerprint(makes_no_calls) == there.fingerprint(makes_no_calls)


def test_thinking_is_part_of_requests_and_of_the_fingerprint() -> None:
    @uses(CHECKER)
    def make() -> None: ...

    model = Scripted({"verify": GOOD})
    usual = make_agents(model)
    thorough = replace(usual, thinking={CHECKER.role: "high"})
    assert thorough.fingerprint(make) != usual.fingerprint(make)
    for agents in (usual, thorough):
        asyncio.run(agents.ask(CHECKER, "", (), instructions=""))
    assert [request.thinking for request in model.requests] == [None, "high"]
    keys = {journal_key(model.name, request) for request in model.requests}
    assert len(keys) == 2


def test_a_variable_that_a_prompt_needs_is_missed() -> None:
    with pytest.raises(SettingsError, match=r"verify\.md: 'instructions' is undefined"):
        asyncio.run(make_agents(Scripted({"verify": GOOD})).ask(CHECKER, "", ()))


CODE = "def f(x):\n    return x\n"
TEMPLATE = 'TEMPLATE = """\n<think>\n{thoughts}\n</think>\n"""\nEND = text.rfind("</think>")\n'


@pytest.mark.parametrize(
    "thinking",
    [
        '<think>{"text": "draft"} is not it</think>',
        '<think>\n{"text": "draft"}\n</think>',
        'First a draft:\n{"text": "draft"}\nNo.\n</think>',
        'First a draft: {"text": "draft"}. No.</think>',
        "First a draft:\n```python\nx = 1\n```\nNo.\n</think>\n",
        "First a draft:\n```python\nx = \n</think>\n",
        "I close my thoughts with </think>, as asked.\n</think>\n",
        "<think>The format is <think>...</think>, so:\n</think>\n",
        "<thinking>\nA.\n</thinking>\n",
        "[THINK]A.[/THINK]\n",
        "<seed:think>A.</seed:think>\n",
        "Sure!\n<think>\nA.\n</think>\n",
        "<think>\n</think>\n\n<think>\nAgain.\n</think>\n",
        '<|channel|>analysis<|message|>{"text": "draft"}<|end|><|start|>assistant<|channel|>final<|message|>',
    ],
)
@pytest.mark.parametrize("answer", ['{"text": "answer"}', f"```python\n{CODE}```", f"```python\n{TEMPLATE}```"])
def test_what_follows_the_thinking_is_the_answer(thinking: str, answer: str) -> None:
    is_joined = thinking.endswith(("\n", "|>"))
    assert without_thinking(f"{thinking}{answer}" if is_joined else f"{thinking}\n{answer}") == answer


def test_thinking_that_does_not_end_holds_no_answer() -> None:
    assert without_thinking('<think>\n{"text": "draft"}\nBut wait') == ""


@pytest.mark.parametrize(
    "answer",
    [
        '{"text": "the answer follows </think>"}',
        '{"text": "<think>a</think>{b}"}',
        '{"text": "ends in </think>\\n```"}',
        TEMPLATE,
        f"```python\n{TEMPLATE}```",
        '```python\nSUFFIX = """\n</think>\n"""\n```',
        "# strip </think>\nx = 1\n",
        f"model.py\n````\n{TEMPLATE}````\n\ntrain.py\n````\nx = 1\n````",
        "a.py\n<<<<<<< SEARCH\n</think>\n=======\n</think>\n\n>>>>>>> REPLACE\n",
        "The loss is taken after the tag `</think>` alone.\nThen it is averaged.",
    ],
)
def test_tags_in_the_answer_stay(answer: str) -> None:
    assert without_thinking(answer) == answer
    assert without_thinking(f"<think>So.</think>\n{answer}") == answer
