"""Untrusted text is safe to show."""

from hypothesis import given
from hypothesis import strategies as st

from papercoder.text.characters import one_line, printable, shortened


@given(st.text())
def test_printable_keeps_letters_and_drops_invisible_characters(text: str) -> None:
    kept = printable(text)
    assert printable(kept) == kept
    assert kept.isprintable() or set(kept) - {"\n", "\t"} <= set(text)
    assert "\n" not in one_line(text)


def test_terminal_escapes_and_changes_of_direction_are_dropped() -> None:
    assert printable("\x1b[31mred\x1b[0m \u202eabc\x00\ud800\r\nx") == "red abc\nx"


def test_a_long_text_is_shortened() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abc defg", 5) == "abc…"
