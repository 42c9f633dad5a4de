"""A model's thinking in its answer, which chat templates put between tags; some open the tag in the prompt."""

import re

from papercoder.repository.files import parse

_TAG = re.compile(r"<(/?)(?:seed:)?(?:think|thinking|thought|reasoning)>|\[(/?)THINK\]", re.IGNORECASE)
_FINAL = re.compile(
    r"<\|channel\|>final(?:\s*<\|constrain\|>\w+)?<\|message\|>(.*?)(?:<\|(?:return|end|call)\|>|$)", re.DOTALL
)
"""The last message of models that write to channels, where a server passes their markup through."""

_FENCE = re.compile(r"^[ \t]*(?:```+|~~~+)[ \t]*(\S*)", re.MULTILINE)


def without_thinking(text: str) -> str:
    """Return what follows the thinking; empty if the thinking does not end.

    A closing tag without an opening one ends thinking too, since drafts come before it. Tags inside the answer, such
    as those in the code of a paper about reasoning models, stay.
    """
    final = _FINAL.findall(text)
    if not (final or _TAG.search(text)) or _is_python(text):
        return text
    return str(final[-1]) if final else _behind_tags(text)


def _behind_tags(text: str) -> str:
    start = 0
    opened: int | None = None
    for tag in _TAG.finditer(text):
        if not (tag[1] or tag[2]):
            opened = tag.start() if opened is None else opened
            continue
        if opened is None:
            is_thinking = _ends_thinking(text, tag)
        elif text[start:opened].strip():
            is_preamble = not re.search(r"[{`~]", text[start:opened]) and not _is_python(text[start:])
            is_thinking = is_preamble and _ends_thinking(text, tag)
        else:
            is_thinking = True
        opened = None
        if is_thinking:
            start = tag.end()
    if opened is not None and not text[start:opened].strip():
        return ""
    return text[start:].lstrip("\r\n") if start else text


def _is_python(text: str) -> bool:
    try:
        parse(text)
    except SyntaxError:
        return False
    return True


def _ends_thinking(text: str, tag: re.Match[str]) -> bool:
    """Whether it stands on a line of its own or right before an answer, and not inside a block or a string."""
    before = text[text.rfind("\n", 0, tag.start()) + 1 : tag.start()]
    after = text[tag.end() :]
    is_alone = not before.strip() and re.match(r"[ \t]*(?:\r?\n|$)", after) is not None
    is_before_answer = re.match(r"\s*(?:\{|```|~~~)", after) is not None and before.count('"') % 2 == 0
    return (is_alone or is_before_answer) and not _is_in_block(text, tag.start())


def _is_in_block(text: str, position: int) -> bool:
    """Whether a fence or an edit is open here and closed later."""
    if text.count("<<<<<<< SEARCH", 0, position) > text.count(">>>>>>> REPLACE", 0, position):
        return True
    is_open = len(_FENCE.findall(text, 0, position)) % 2 == 1
    following = _FENCE.search(text, position)
    return is_open and following is not None and not following[1]
