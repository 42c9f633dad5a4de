"""Untrusted text in Markdown, read by a CommonMark parser with HTML, tables and links."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from papercoder.text.markdown import code, escaped, fenced, inline, paragraphs

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PLAIN = {"inline", "text", "softbreak", "paragraph_open", "paragraph_close", "code_inline", "text_special"}

ATTACKS = (
    "<script>alert(1)</script>",
    "[here](javascript:alert(1))",
    "![](https://example.org/pixel.png)",
    "[a][b]",
    "[a]: https://example.org",
    "<https://example.org>",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "    code",
    "***",
    "a | b | c",
    "**bold** _soft_ ~~gone~~",
    "&lt;script&gt; &#60;b&#62;",
    "\\<b>\\[x](y)",
    "`<b>` <b> ``",
    "line\n\n# another block\n\n<b>",
    "$<b>$ $[a](b)$ $![a](b)$",
    "```\n<b>",
)


def kinds(text: str) -> set[str]:
    """The kinds of tokens in a Markdown document."""
    found = PARSER.parse(text)
    return {child.type for token in found for child in (token, *(token.children or ()))}


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("escape", [escaped, inline])
@pytest.mark.parametrize("before", ["", "x ", "- ", "# "])
def test_no_markup_survives(text: str, escape: Callable[[str], str], before: str) -> None:
    assert kinds(before + escape(text)) <= PLAIN | kinds(f"{before}word")


@given(st.text(alphabet="<>[]()!*_`~$&#;|\\-+=.:/1a \n"))
def test_no_markup_is_left_in_any_text(text: str) -> None:
    assert kinds(escaped(text)) <= PLAIN
    assert kinds(f"x {inline(text)}") <= PLAIN
    assert kinds(code(text)) <= PLAIN
    assert kinds(fenced(text)) == {"fence"}
    assert kinds(f"| a |\n|---|\n| {inline(text)} |") <= PLAIN | {
        f"{name}_{end}" for name in ("table", "thead", "tbody", "tr", "th", "td") for end in ("open", "close")
    }


@given(st.text(alphabet="<>[]()!*_~&#;|\\-+=.:1a é"))
def test_what_is_read_is_what_was_written(text: str) -> None:
    tokens = PARSER.parseInline(f"x{escaped(text)}")
    assert "".join(child.content for child in tokens[0].children or ()) == f"x{' '.join(text.split())}"


def test_code_and_formulas_stay() -> None:
    assert inline("set `a_b|c` to $x_{i}^2$") == "set `a_b¦c` to $x_{i}^2$"
    assert inline(r"$\href{x}{y}$") == r"\$\\href{x}{y}\$"
    assert inline("from $5 to $6") == r"from \$5 to \$6"


def test_words_are_left_alone() -> None:
    text = "data.max_len is 3.0 (see [2.1¶1]); a & b, x-y"
    assert escaped(text) == text


def test_paragraphs_stay_apart() -> None:
    assert paragraphs("a\nb\n\n<i>") == "a b\n\n&lt;i&gt;"
