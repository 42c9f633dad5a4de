import pytest
from benchmarks.reading.kinds.case import Case, outcome
from benchmarks.reading.kinds.markdown import cases

from papercoder.paper.markdown.floats import body_end, is_comment
from papercoder.paper.markdown.notes import Bibliography
from papercoder.paper.markdown.source import plain, prepare
from papercoder.paper.printed import equation


@pytest.mark.parametrize("case", tuple(cases()), ids=lambda case: case.name)
def test_what_converters_write(case: Case) -> None:
    assert outcome(case).failed == ()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("see [3.1](#page-3-0) and [Table](#t) [1](#t)", "see 3.1 and Table 1"),
        (r"kilns [\[1,](#a) [2\]](#b)", "kilns [1, 2]"),
        (r"([Hu et al.,](#a) [2017\)](#b)", "(Hu et al., 2017)"),
        ("[site](https://x.org/a_(b)) <https://y.org>", "site https://y.org"),
        ("a ![alt](images/a.png) b", "a b"),
        ("$f[x](y)$ and [1](2)", "$f[x](y)$ and [1](2)"),
        (r"\(x\) and \[y=1\] and \[1, 2\]", "$x$ and $y=1$ and [1, 2]"),
        ("10<sup>-3</sup>, x<sub>t</sub>, a<sup>2</sup>", "10^{-3}, x_t, a^2"),
        ("**bold** *it* ***both*** _under_ a * b * c", "bold it both under a * b * c"),
        ("`__init__` and __init__ and a_b_c", "`__init__` and __init__ and a_b_c"),
        (r"under\_score \& 5\% &lt; &amp;", "under_score & 5% < &"),
        ('<span id="a"></span>Text<br>more', "Text more"),
        ("costs $5 and $10", "costs $5 and $10"),
        ("p<0.05 and q>1", "p<0.05 and q>1"),
    ],
)
def test_marks_read_as_what_they_show(source: str, text: str) -> None:
    assert plain(source) == text


def test_raised_numbers_of_footnotes() -> None:
    assert plain("Text<sup>1</sup> m<sup>2</sup>", frozenset("1")) == "Text[^1] m^2"


@pytest.mark.parametrize(
    ("source", "after", "text", "number"),
    [
        (r"a = b \tag{1}", "", "a = b", "1"),
        (r"a = b \tag {A.1}", "", "a = b", "A.1"),
        ("a = b", " (2)", "a = b", "2"),
        (r"a = b \qquad ( 3 )", "", "a = b", "3"),
        (r"a = b \eqno{(4)}", "", "a = b", "4"),
        ("f(x) = g(2)", "", "f(x) = g(2)", ""),
        ("f ( x ) = g ( 2 )", "", "f ( x ) = g ( 2 )", ""),
    ],
)
def test_numbers_of_formulas(source: str, after: str, text: str, number: str) -> None:
    found = equation(source, after)
    assert (found.text, found.number) == (text, number)


@pytest.mark.parametrize(
    ("paragraphs", "entries"),
    [
        (["[1] A.\n[2] B."], [("1", "[1] A."), ("2", "[2] B.")]),
        (["- [1] A.\n- [2] B.\n  more"], [("1", "[1] A."), ("2", "[2] B. more")]),
        (["* [1] A.", "* [2] B."], [("1", "[1] A."), ("2", "[2] B.")]),
        (["1. A.\n2. B."], [("1", "1. A."), ("2", "2. B.")]),
        ([r"\[1\] A.", r"\[2\] B."], [("1", "[1] A."), ("2", "[2] B.")]),
        (["[Cla20] A."], [("Cla20", "[Cla20] A.")]),
        (["A. 2020.  \nB. 2021.  \nC. 2022."], [("1", "A. 2020."), ("2", "B. 2021."), ("3", "C. 2022.")]),
        (["A. A long\nentry.", "B."], [("1", "A. A long entry."), ("2", "B.")]),
        (["[1] A. cut at", "a page.", "[2] B."], [("1", "[1] A. cut at a page."), ("2", "[2] B.")]),
        (['- <span id="page-9-1"></span>[1] A.'], [("1", "[1] A.")]),
    ],
)
def test_forms_of_references(paragraphs: list[str], entries: list[tuple[str, str]]) -> None:
    bibliography = Bibliography()
    for paragraph in paragraphs:
        bibliography.add(paragraph.split("\n"))
    assert [(each.key, each.text) for each in bibliography.references] == entries


def test_comments_touch_code() -> None:
    assert is_comment(["# heat", "x = 1"], 0)
    assert is_comment(["x = f(1)", "# heat", "# and cool", "", "Text."], 2)
    assert not is_comment(["# Heat", "", "x = 1"], 0)
    assert not is_comment(["# 3 Heat", "x = 1 is the start."], 0)


def test_pseudocode_ends_at_text() -> None:
    lines = ["Input: x", "1: y = x", "", "2: return y", "", "Input images are small."]
    assert body_end(lines, 0) == 4


def test_page_markers_and_front_matter_are_dropped() -> None:
    marks = ["{3}" + "-" * 48, "Page 3 of 9", "## Page 4", "12", "- 13 -", "<page_number>5</page_number>", "---"]
    found = prepare("---\nlanguage: en\n---\n" + "\n\n".join(["Text.", *marks, "More."]))
    assert [line for line in found.lines if line] == ["Text.", "More."]
    assert found.losses == ()


@pytest.mark.parametrize("line", ["title: Kilns: A Study", 'title: "Kilns: A Study"'])
def test_the_title_in_front_matter(line: str) -> None:
    assert prepare(f"---\n{line}\n---\nText.").title == "Kilns: A Study"


def test_numbers_in_text_and_code_are_no_page_markers() -> None:
    source = "Text\n12\nmore.\n\n```\n12\n```\n"
    assert "\n".join(prepare(source).lines) == source
