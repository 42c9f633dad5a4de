from papercoder.paper.draft import Display, Draft, Element, Grid, Heading, Text, assemble


def anchors(*elements: Element) -> list[str]:
    paper = assemble(Draft(elements=list(elements)), "latex")
    return [anchor for section in paper.sections for anchor in (section.anchor, *(b.anchor for b in section.blocks))]


def test_paragraphs_count_within_their_section() -> None:
    found = anchors(Text("a"), Heading("S", 1), Text("b"), Display("x"), Text("c"), Heading("T", 2), Text("d"))
    assert found == ["0", "0¶1", "1", "1¶1", "eq:1", "1¶2", "1.1", "1.1¶1"]


def test_what_has_no_number_never_takes_one() -> None:
    assert anchors(Heading("S", 1), Display("a", "1"), Display("b"), Display("c", "2"))[1:] == ["eq:1", "eq:u1", "eq:2"]
    assert anchors(Heading("S", 1), Display("a"), Grid("", (), "1"))[1:] == ["eq:1", "tab:1"]


def test_unnumbered_headings_in_a_numbered_paper_are_known_by_their_title() -> None:
    found = anchors(
        Heading("S", 1, "1"), Heading("Our Thanks!", 1), Heading("T", 1, "2"), Heading("More", 1, "A", True)
    )
    assert found == ["1", "our-thanks", "2", "app:A"]


def test_anchors_are_unique() -> None:
    assert anchors(Heading("S", 1, "1"), Heading("S", 1, "1"), Display("a", "3"), Display("b", "3")) == [
        "1",
        "1~2",
        "eq:3",
        "eq:3~2",
    ]
