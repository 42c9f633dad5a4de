import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import Paper
from papercoder.paper.draft import assemble
from papercoder.paper.markdown import read_markdown


def paper_of(source: str) -> Paper:
    return assemble(read_markdown(source), "markdown")


def texts(source: str) -> list[str]:
    return [block.text for block in paper_of(source).blocks() if block.kind == "paragraph"]


CONVERTED = r"""# The Title

A. Author

# Abstract

Short.

# 1. Intro

Text with $x$.

Table 1. Scores.

<table><tr><td rowspan="2">Model</td><td colspan="2">BLEU</td></tr><tr><td>DE</td><td>FR</td></tr></table>

$$
a = b \tag{3}
$$

# 1.1. Sub

![](a.png)
Figure 2. A picture.

# Algorithm 1 Train

1: for x do
2: end for

More text.

# References

A. One.

B. Two.

# A. Appendix

Later.
"""


def test_what_a_converter_writes() -> None:
    paper = paper_of(CONVERTED)
    assert (paper.title, paper.abstract) == ("The Title", "Short.")
    assert [(s.anchor, s.level, s.title) for s in paper.sections] == [
        ("0", 1, "Front matter"),
        ("1", 1, "Intro"),
        ("1.1", 2, "Sub"),
        ("app:A", 1, "Appendix"),
    ]
    assert [(t.anchor, t.caption, t.rows) for t in paper.tables] == [
        ("tab:1", "Scores.", (("Model", "BLEU", ""), ("", "DE", "FR")))
    ]
    assert [(e.anchor, e.text) for e in paper.equations] == [("eq:3", "a = b")]
    assert [(f.anchor, f.caption) for f in paper.figures] == [("fig:2", "A picture.")]
    assert [(a.anchor, a.caption, a.text) for a in paper.algorithms] == [("alg:1", "Train", "1: for x do\n2: end for")]
    assert [r.text for r in paper.references] == ["A. One.", "B. Two."]


HANDWRITTEN = """---
title: "By hand"
---

Introduction
============

Some text
over two lines.

## Details

| a | b \\| c |
|---|:--:|
| 1 | 2 |
| 3 |

: no caption

- one
- two
  continues

```python
print(1)  # not a heading
```

$$ x = 1 \\quad (2) $$
"""


def test_what_people_write() -> None:
    paper = paper_of(HANDWRITTEN)
    assert paper.title == "By hand"
    assert [(s.anchor, s.level, s.title) for s in paper.sections] == [("1", 1, "Introduction"), ("1.1", 2, "Details")]
    assert paper.tables[0].rows == (("a", "b | c"), ("1", "2"), ("3", ""))
    assert paper.algorithms[0].text == "print(1)  # not a heading"
    assert (paper.equations[0].text, paper.equations[0].number) == ("x = 1", "2")
    assert texts(HANDWRITTEN) == ["Some text over two lines.", ": no caption", "- one", "- two continues"]


def test_a_sentence_about_a_table_is_no_caption() -> None:
    source = "# T\n\n# S\n\nTable 1 shows it.\n\n| a |\n|---|\n| 1 |\n"
    paper = paper_of(source)
    assert texts(source) == ["Table 1 shows it."]
    assert paper.tables[0].caption == ""


def test_a_caption_below_and_a_caption_without_a_table() -> None:
    paper = paper_of("# T\n\n# S\n\n| a |\n|---|\n\nTable 1: Below.\n\nText.\n\nTable 2: Lost.\n\nText.\n")
    assert [(t.anchor, t.caption, bool(t.rows)) for t in paper.tables] == [
        ("tab:1", "Below.", True),
        ("tab:2", "Lost.", False),
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "Kilns $^ { 1 }$ are hot. $^ { 1 }$ We mean gas kilns.",
            ["Kilns[^1] are hot.", "[^1]: We mean gas kilns."],
        ),
        (
            "Kilns $^ { 1 }$ cool ${ } ^ { 2 }$ down. $^ { 1 }$ Gas kilns. $^ { 2 }$ https://example.org/kilns",
            ["Kilns[^1] cool[^2] down.", "[^1]: Gas kilns.", "[^2]: https://example.org/kilns"],
        ),
        (
            "The rate $^ { 3 }$ falls with $^ { 3 }$ Measured by hand. every epoch.",
            ["The rate[^3] falls with every epoch.", "[^3]: Measured by hand."],
        ),
        ("A paragraph that is\n\n$^ { 4 }$ Cut.\n\ncut in two.", ["A paragraph that is cut in two.", "[^4]: Cut."]),
        ("We share it.\n\n5https://example.org/code", ["We share it.", "[^5]: https://example.org/code"]),
        (
            "It is hot. $^ { 6 }$ We fire in m $^ { 2 }$ and $x ^ { 6 }$.",
            ["It is hot. $^ { 6 }$ We fire in m $^ { 2 }$ and $x ^ { 6 }$."],
        ),
    ],
)
def test_footnotes_within_paragraphs(body: str, expected: list[str]) -> None:
    assert texts(f"# Title\n\nAda $^ {{ 1 }}$\n\n# 1 Introduction\n\n{body}\n")[1:] == expected


AUTHOR_YEAR = """\
Potter, A. and Clay, B. (2020). Clay. Journal of Kilns, 3:1–9.

Ash, C., Dust, D., et al. (2021b). Ash. In Proceedings
of Kilns.

Eve Ember, Fay Flame, and Gus Glow. 2022. Ember. ArXiv.

A. van Ash and B. Oven. Ovens, 2023.
"""


@pytest.mark.parametrize("after", ["", "# A Proofs\n\nWe prove it.\n"])
def test_references_without_a_heading(after: str) -> None:
    paper = paper_of(
        f"# Title\n\n# 1 Introduction\n\nText.\n\n# 2 Conclusion\n\nIn 2020 we fired.\n\n{AUTHOR_YEAR}\n{after}"
    )
    assert [reference.text.split()[0] for reference in paper.references] == ["Potter,", "Ash,", "Eve", "A."]
    assert paper.references[1].text.endswith("In Proceedings of Kilns.")
    assert [section.anchor for section in paper.sections] == ["1", "2", *(["app:A"] if after else [])]
    assert [block.text for block in paper.blocks() if block.kind == "paragraph"][:2] == ["Text.", "In 2020 we fired."]


def test_references_on_lines_without_a_heading() -> None:
    entries = "\n".join(line for line in AUTHOR_YEAR.replace("Proceedings\nof", "Proceedings of").split("\n") if line)
    paper = paper_of(f"# Title\n\n# 1 Introduction\n\nText.\n\n{entries}\n")
    assert [reference.key for reference in paper.references] == ["1", "2", "3", "4"]


def test_numbered_references_without_a_heading() -> None:
    paper = paper_of(
        "# T\n\n# 1 Intro\n\nText.\n\n[1] A. Potter. Clay. 2020.\n[2] B. Clay. Heat. 2021.\n[3] C. Ash. 2022.\n"
    )
    assert [reference.key for reference in paper.references] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "body",
    [
        "Potter, A. fired in 2020.\n\nClay, B. cooled in 2021.",  # too few
        "Potter, A. 2020.\n\nAsh, B. 2021.\n\nDust, C. 2022.\n\nThe end of the section.",  # not the last of it
        "Kilns were hot in 2020.\n\nOvens were hot in 2021.\n\nFires were hot in 2022.",
    ],
)
def test_paragraphs_with_years_are_no_references(body: str) -> None:
    assert paper_of(f"# Title\n\n# 1 Introduction\n\n{body}\n").references == ()


def test_an_unclosed_formula_is_text() -> None:
    assert texts("# T\n\n$$ a\n\nb\n") == ["$$ a", "b"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "source",
    ["<!--" * 50_000, "# x" + " " * 50_000 + "y", "a|b\n|" + "-" * 50_000 + "x", "![" * 50_000, "$$\n" * 20_000,
     "\\[\n" * 20_000, "$$ x" + " " * 50_000 + "y $$", "<table>" * 5_000, "a\n" + "=" * 50_000 + "x", "#" * 50_000],
)  # fmt: skip
def test_nothing_hangs(source: str) -> None:
    read_markdown(source)


@given(st.text(alphabet="#|-$`<table>![]() \n=:*\\1.a", max_size=120))
def test_any_text_reads(source: str) -> None:
    paper_of(source)
