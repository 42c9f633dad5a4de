"""Paper, code and requirement list as HTML: all text is escaped, and every place has an id."""

from pathlib import Path

import pytest
from lxml import html

from papercoder.artifacts import Algorithm, Equation, Figure, Paper, Paragraph, Section, Table
from papercoder.errors import RunFolderError
from papercoder.files.regular import write
from papercoder.report import load
from papercoder.web.parts.code_text import code_html, owners, read_source
from papercoder.web.parts.paper_text import Filter, detail_html, filter_html, list_html, paper_html
from papercoder.web.parts.tabs import TABS, address, is_available
from tests.report.folders import full_folder, planned_folder, requirement
from tests.web.sample_runs import ATTACK

BLOCKS = (
    Paragraph(anchor="2¶1", text="The loss is the squared error."),
    Equation(anchor="eq:1", text="y = x", number="1"),
    Table(anchor="tab:1", caption="Sizes", rows=(("name", "size"), ("width", "64"))),
    Algorithm(anchor="alg:1", caption="Fit", text="repeat\n  step"),
    Figure(anchor="fig:1", caption="The curve"),
)
PAPER = Paper(
    title="A Method",
    abstract="We fit it.",
    sections=(Section(anchor="2", level=1, title="Method", blocks=BLOCKS),),
    source="markdown",
)


def drawn(paper: Paper, *needs: tuple[str, str]) -> html.HtmlElement:
    items = [requirement(number, anchor=anchor, quote=quote) for number, (anchor, quote) in enumerate(needs, 1)]
    return html.fromstring(paper_html(paper, items, {}))


def test_every_block_has_its_anchor_as_id() -> None:
    page = drawn(PAPER)
    for anchor in ("abstract", "2", *(block.anchor for block in BLOCKS)):
        assert page.get_element_by_id(f"at-{anchor}") is not None


def test_words_rows_and_equations_of_requirements_are_marked() -> None:
    page = drawn(
        PAPER, ("2¶1", "squared error"), ("tab:1", "width | 64"), ("eq:1", "x over = y z"), ("abstract", "we fit")
    )
    assert [mark.text_content() for mark in page.xpath("//*[@data-r='R1']")] == ["squared error"]
    assert page.xpath("//tr[@data-r='R2']/*/text()") == ["width", "64"]
    assert [mark.text_content() for mark in page.xpath("//*[@data-r='R3']")] == ["y=x"]
    assert [mark.text_content() for mark in page.xpath("//*[@data-r='R4']")] == ["We fit"]


def test_a_quote_of_a_section_is_found_in_its_blocks() -> None:
    page = drawn(PAPER, ("2", "the loss is the squared error"))
    assert [mark.text_content() for mark in page.xpath("//*[@data-r='R1']")] == ["The loss is the squared error"]


def test_formulas_are_typeset_and_marked_as_a_whole() -> None:
    blocks = (
        Paragraph(anchor="2¶1", text=r"The rate $\alpha = 0.1$ is fixed."),
        Equation(anchor="eq:1", text=r"\frac{a}{b}", number="1"),
        Equation(anchor="eq:2", text=r"\unknown{a}"),
    )
    paper = PAPER.model_copy(update={"sections": (Section(anchor="2", level=1, title="On $x$", blocks=blocks),)})
    page = drawn(paper, ("2¶1", r"The rate $\alpha"), ("2¶1", "1$ is fixed"), ("eq:1", "a over b"))
    assert len(page.xpath("//*[@id='at-2']//math | //*[@id='at-2¶1']//math | //*[@id='at-eq:1']//math")) == 3
    assert [mark.text_content() for mark in page.xpath("//*[@data-r='R1 R2']")] == ["α=0.1"]
    assert len(page.xpath("//mark[@data-r='R3']/math/mrow/mfrac")) == 1
    assert page.xpath("string(//*[@id='at-eq:2']//code)") == r"\unknown{a}"


def test_equations_of_a_pdf_stay_text() -> None:
    page = drawn(PAPER.model_copy(update={"source": "pdf"}))
    assert page.xpath("string(//*[@id='at-eq:1']//code)") == "y = x"


def test_the_formulas_in_an_equation_of_a_pdf_are_typeset() -> None:
    blocks = (
        Equation(anchor="eq:1", text=r"$A_{ij}=$ $\{\exp (-x_{i})$ 0 otherwise,", number="1"),
        Equation(anchor="eq:2", text=r"A_{ij} = \exp(-x_{i})"),
    )
    paper = PAPER.model_copy(
        update={"source": "pdf", "sections": (Section(anchor="2", level=1, title="Graph", blocks=blocks),)}
    )
    page = drawn(paper, ("eq:1", "exp"))
    assert len(page.xpath("//*[@id='at-eq:1']//math")) == 2
    assert "$" not in page.get_element_by_id("at-eq:1").text_content()
    assert "0 otherwise," in page.get_element_by_id("at-eq:1").text_content()
    assert len(page.xpath("//*[@id='at-eq:1']//mark/math")) == 1
    assert len(page.xpath("//*[@id='at-eq:2']//math")) == 1


def test_a_hostile_paper_stays_text() -> None:
    blocks = (Paragraph(anchor=ATTACK, text=f"{ATTACK} the squared error"), Equation(anchor="eq:1", text=ATTACK))
    paper = PAPER.model_copy(
        update={"title": ATTACK, "sections": (Section(anchor="2", level=1, title=ATTACK, blocks=blocks),)}
    )
    page = drawn(paper, (ATTACK, "the squared error"))
    assert not page.xpath("//script | //img | //svg | //a")
    assert page.xpath("//mark")


def test_lines_of_code_have_their_requirements(tmp_path: Path) -> None:
    folder = planned_folder(tmp_path)
    source = read_source(folder, "fit.py")
    page = html.fromstring(code_html(source, owners(load(folder).requirements, "fit.py")))
    assert page.xpath("string(//li[@data-r='R1']/code)") == "    # R1: squared error"
    assert page.xpath("string(//li[@data-r='R1']/@data-n)") == "5"
    assert len(page.xpath("//li")) == len(source.lines)


@pytest.mark.parametrize("name", ["x.py", "x.unknown"])
def test_code_is_escaped_and_invisible_characters_are_shown(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"repo/{name}", f"a = '{ATTACK}\u202e'\r\nb = '''\n{ATTACK}\n'''\n")
    page = html.fromstring(code_html(read_source(tmp_path, name), {}))
    assert not page.xpath("//script | //img | //svg | //a")
    assert [line.text_content() for line in page.xpath("//li/code")][1:] == ["b = '''", ATTACK, "'''"]
    assert page.xpath("string(//i[@class='unseen'])") == "U+202E"


def test_long_files_are_shown_in_part(tmp_path: Path) -> None:
    write(tmp_path, "repo/long.txt", "".join(f"{number}\n" for number in range(1, 10_001)))
    page = html.fromstring(code_html(read_source(tmp_path, "long.txt"), {}, 4_000))
    numbers = [int(line.get("data-n")) for line in page.xpath("//li")]
    assert 4_000 in numbers
    assert len(numbers) == 1_500


def test_binary_and_missing_files_are_errors(tmp_path: Path) -> None:
    write(tmp_path, "repo/data.bin", b"\0\1")
    for name in ("data.bin", "none.py"):
        with pytest.raises(RunFolderError):
            read_source(tmp_path, name)


def test_the_list_is_filtered(tmp_path: Path) -> None:
    needs = load(full_folder(tmp_path)).requirements
    assert [item.requirement.id for item in needs if Filter(state="contradicts").matches(item)] == ["R2"]
    assert [item.requirement.id for item in needs if Filter(status="assumed", file="fit.py").matches(item)] == []
    assert [item.requirement.id for item in needs if Filter(words="NUMBER 3").matches(item)] == ["R3"]
    unmarked = [item.requirement.id for item in needs if not item.marks]
    assert [item.requirement.id for item in needs if Filter(gap="mark").matches(item)] == unmarked
    chosen = html.fromstring(f"<div>{filter_html(needs, Filter(state='contradicts'))}</div>")
    assert chosen.xpath("string(//select[@name='state']/option[@selected])") == "contradicts (1)"


def test_the_list_has_all_requirements_and_one_in_full(tmp_path: Path) -> None:
    needs = load(full_folder(tmp_path)).requirements
    page = html.fromstring(f"<div>{list_html(needs, is_planned=True)}</div>")
    assert page.xpath("//li/@data-item") == [item.requirement.id for item in needs]
    assert html.fromstring(detail_html(needs[0])).xpath("//a[@data-line='6']")
    assert "No requirement matches the filter" in list_html((), is_planned=True)
    assert "no requirements yet" in list_html((), is_planned=False)


def test_tabs_with_something_to_show_are_available(tmp_path: Path) -> None:
    available = {tab.name for tab in TABS if is_available(tab, planned_folder(tmp_path))}
    assert {"", "assumptions", "progress"} <= available
    assert len(TABS) == 6
    assert all(tab.empty for tab in TABS if tab.needs)


def test_addresses_escape_names() -> None:
    assert address("a b/c", "read", r="R1", file="x/y.py", at="") == "/run/a%20b%2Fc/read?r=R1&file=x%2Fy.py"
