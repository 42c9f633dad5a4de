"""Wrong versions: one place of the code is changed, and nothing else."""

import ast
import difflib

import pytest

from papercoder.artifacts import SourceFile
from papercoder.repository.mutations import mutants, mutate


def files(**texts: str) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(path=name.replace("__", "."), text=text) for name, text in texts.items())


def changed_line(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("return a + b * c", "return a - b * c"),
        ("return -(a @ b)", "return (a @ b)"),
        ("return a / (b + 1e-8)", "return a * (b + 1e-8)"),
        ("w -= rate * g", "w += rate * g"),
        ("x = 1\n    return é('ü', a) - b", "return é('ü', a) + b"),
        ("return (a  # the * first\n            - b)", "+ b)"),
        ("y = 'a' + b\n    return b * c", "return b / c"),
    ],
)
def test_the_outermost_operator_of_the_method_is_another(code: str, after: str) -> None:
    source = f"def step(a, b, c):\n    {code}\n"
    mutation = mutate(files(model__py=source))
    assert mutation is not None
    ast.parse(mutation.files[0].text)
    _, added = changed_line(source, mutation.files[0].text)
    assert added[1:].strip() == after


@pytest.mark.parametrize(
    "code", ["return 'a' + b", "return [0] + b", "return 1 + 2", "return a + eps", "return a", "return a - self.eps"]
)
def test_what_is_no_method_is_left_alone(code: str) -> None:
    assert mutate(files(model__py=f"def step(a, b, eps, self):\n    {code}\n")) is None


def test_a_marked_equation_comes_before_more_arithmetic() -> None:
    plain = "def much(a, b):\n    return a * b + a / b - a ** 2\n"
    marked = "def loss(a, b):\n    # R3: the loss (eq:2)\n    return a - b\n"
    mutation = mutate(files(a__py=plain, b__py=marked))
    assert mutation is not None
    assert mutation.where == 'b.py, line 3, in loss: "-" became "+"'


def test_tests_and_broken_files_are_not_the_method() -> None:
    code = "def loss(a, b):\n    return a - b\n"
    broken = (SourceFile(path="tests/test_a.py", text=code), SourceFile(path="b.py", text=f"{code}def ("))
    assert mutate(broken) is None


CODE = """\
def schedule(first, last, step):
    \"\"\"Between 0 and 1.\"\"\"
    if step < 0:
        raise ValueError(f"{step + 1} is below 0")
    # R3: linear (eq:4)
    rate = first + (last - first) * step
    if last:
        rate -= 0.5
    seen[0] = rate
    return rate / (1 + 1e-8)


def plain(x):
    return x > 2
"""


def test_signs_terms_steps_comparisons_conditions_and_numbers_are_changed() -> None:
    found = mutants(SourceFile(path="a.py", text=CODE), 99)
    assert {mutant.where.removeprefix("a.py, ") for mutant in found} == {
        'line 6, in schedule: "+" became "-"',
        'line 6, in schedule: "-" became "+"',
        'line 6, in schedule: "*" became "/"',
        'line 6, in schedule: "+ (last - first) * step" was left out',
        'line 6, in schedule: "- first" was left out',
        'line 6, in schedule: "* step" was left out',
        'line 7, in schedule: "last" became "not last"',
        'line 8, in schedule: "rate -= 0.5" was left out',
        "line 8, in schedule: 0.5 became 0.75",
        'line 9, in schedule: "seen[0] = rate" was left out',
        "line 9, in schedule: 0 became 1",
        'line 10, in schedule: "/" became "*"',
        'line 10, in schedule: "/ (1 + 1e-8)" was left out',
        "line 10, in schedule: 1 became 2",
        'line 14, in plain: ">" became ">="',
        "line 14, in plain: 2 became 3",
    }
    for mutant in found:
        ast.parse(mutant.file.text)
        assert changed_line(CODE, mutant.file.text), mutant.where
    assert {mutant.function: mutant.requirements for mutant in found} == {"schedule": {"R3"}, "plain": set()}


def test_few_versions_are_spread_over_the_functions() -> None:
    assert [mutant.function for mutant in mutants(SourceFile(path="a.py", text=CODE), 4)] == ["schedule", "plain"] * 2
