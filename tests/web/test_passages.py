"""The words of a quote are found in their block despite errors of a parser."""

from papercoder.web.parts.paper_text import Piece, Span, parted, spans


def found(text: str, quote: str) -> list[str]:
    return [text[span.start : span.end] for span in spans(text, quote, "R1")]


def test_words_are_found_across_blanks_and_signs() -> None:
    assert found("We take the squared  error, (always).", "the Squared error") == ["the squared  error"]
    assert found("the e\ufb03cient re\u00adview of it", "efficient review") == ["e\ufb03cient re\u00adview"]


def test_an_ellipsis_parts_a_quote() -> None:
    assert found("First we fit, then much later we score.", "first we fit [...] we score") == [
        "First we fit",
        "we score",
    ]


def test_numbers_are_found_whole() -> None:
    assert found("0.057 and then 0.05 of it", "0.05") == ["0.05"]
    assert found("only 0.057", "0.05") == []


def test_a_slip_is_forgiven_in_long_quotes_alone() -> None:
    assert found("the temperatures fall geometricaly from one to the next", "temperatures fall geometrically") != []
    assert found("we fit", "we fat") == []
    assert found("", "we fit") == []


def test_a_text_is_parted_where_spans_begin_and_end() -> None:
    text = "abcdef"
    assert parted(text, [Span(1, 4, "R1"), Span(3, 6, "R2")]) == (
        Piece("a", ()),
        Piece("bc", ("R1",)),
        Piece("d", ("R1", "R2")),
        Piece("ef", ("R2",)),
    )
    assert parted("", []) == ()
