"""Thinking is taken off an answer; tags that belong to the answer stay."""

import pytest

from papercoder.agents.thinking import without_thinking

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
