from hypothesis import given
from hypothesis import strategies as st

from papercoder.paper.latex.tokens import PAR, VERBATIM, join, tokenize


def test_tokens_join_to_the_source_again() -> None:
    source = r"A $\frac{a_1}{b}$ and \textbf{bold} [x] \& more\\"
    assert join(tokenize(source)) == source


def test_comments_go_but_escaped_percents_stay() -> None:
    assert join(tokenize("a% gone\nb 5\\% c")) == "ab 5\\% c"


def test_an_empty_line_is_a_paragraph_even_after_a_comment() -> None:
    assert PAR in tokenize("a\n\nb")
    assert PAR in tokenize("a % gone\n\nb")
    assert PAR not in tokenize("a\n% gone\nb")


def test_verbatim_text_is_one_token() -> None:
    tokens = tokenize("\\begin{verbatim}\n% kept {\n\\end{verbatim} \\verb|a%b| \\url{http://x/%20}")
    assert VERBATIM + "\n% kept {\n" in tokens
    assert VERBATIM + "a%b" in tokens
    assert VERBATIM + "http://x/%20" in tokens


def test_the_comment_environment_is_gone() -> None:
    assert "".join(tokenize("a\\begin{comment}\\fi {\\end{comment}b")) == "ab"


def test_a_name_does_not_run_into_a_letter() -> None:
    assert join(["\\alpha", "x", "\\,", "y"]) == "\\alpha x\\,y"


@given(st.text(alphabet="\\{}[]$%&~# \nab@*^_|", max_size=60))
def test_any_text_ends(source: str) -> None:
    assert all(tokenize(source))
