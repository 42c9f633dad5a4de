"""Plain YAML is read; everything that could grow, refer or fail in Python is refused with its line."""

import pytest

from papercoder.text.yaml_text import MOST_NODES, InvalidYaml, compose_yaml, load_yaml


def test_plain_values_are_read() -> None:
    assert load_yaml("a: 1\nb: [x, 2.5, true, null]\nc: {d: e}\n") == {
        "a": 1,
        "b": ["x", 2.5, True, None],
        "c": {"d": "e"},
    }
    assert load_yaml("") is None
    assert compose_yaml("") is None


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: &x [*x]\n", 2, "alias"),
        ("a: &x 1\nb: *x\n", 2, "alias"),
        ("base: &b {x: 1}\nmore:\n  <<: *b\n", 3, "alias"),
        ("[" * 200 + "]" * 200, 1, "levels"),
        ("\n".join(f"- {number}" for number in range(MOST_NODES)), MOST_NODES, "more than"),
        ("a: [1\n", 2, "expected"),
        ("a: !!python/object:os.system {}\n", 1, "constructor"),
        ("a: 2024-99-99\n", 1, "cannot be read"),
        ("a: " + "9" * 5000, 1, "cannot be read"),
        ("? {a: 1}\n: 2\n", 1, "unhashable"),
        ("\x00", 1, "characters"),
    ],
)
def test_anything_else_is_refused(text: str, line: int, reason: str) -> None:
    with pytest.raises(InvalidYaml, match=reason) as refused:
        load_yaml(text)
    assert refused.value.line == line
