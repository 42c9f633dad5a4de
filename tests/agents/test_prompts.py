"""Every prompt gets exactly the variables that it names; users may put their own in its place."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest
from jinja2 import Environment, Template, meta

import papercoder
from papercoder.agents.prompts import Prompts, names
from papercoder.artifacts import Violation
from papercoder.errors import SettingsError

ASKING = [Path(papercoder.__file__).parent / room for room in ("stages", "evaluation")]
TREES = [ast.parse(path.read_text(encoding="utf-8")) for room in ASKING for path in sorted(room.rglob("*.py"))]


def agents() -> dict[str, str]:
    """Constant -> the name of its agent."""
    return {
        node.targets[0].id: node.value.args[0].value
        for tree in TREES
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name) and node.value.func.id == "Agent"
        if isinstance(node.value.args[0], ast.Constant) and isinstance(node.value.args[0].value, str)
    }


def given() -> dict[str, list[set[str]]]:
    """Prompt -> the variables that each place gives it."""
    constants, found = agents(), defaultdict[str, list[set[str]]](list)
    for node in (node for tree in TREES for node in ast.walk(tree)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "ask":
            match node.args[0]:
                case ast.Name(id=constant) if constant in constants:
                    name = constants[constant]
                case ast.IfExp(body=ast.Name(id=constant)) if constant in constants:
                    name = constants[constant]
                case ast.Call(func=ast.Name(id="verifier")):
                    name = "verify"
                case ast.Call(func=ast.Name(id="reviser")):
                    name = "refine"
                case other:
                    raise AssertionError(f"who is asked here? {ast.unparse(other)}")
            found[name].append({word.arg for word in node.keywords if word.arg} - {"check", "images"})
    systems = ("system", "conventions", "conventions_trials", "conventions_bare", "judge_system", "review_system")
    return (
        found
        | {"again": [{"reason", "correction"}], "references": [{"passages", "where"}]}
        | {name: [set()] for name in systems}
    )


GIVEN = given()


def test_every_prompt_has_its_agent() -> None:
    assert set(names()) == set(GIVEN)


@pytest.mark.parametrize("name", names())
def test_a_prompt_gets_exactly_the_variables_that_it_names(name: str) -> None:
    named = meta.find_undeclared_variables(Environment(autoescape=False).parse(Prompts().text(name)))
    for variables in GIVEN[name]:
        assert variables == named


@pytest.mark.parametrize("name", names())
def test_a_prompt_renders_and_is_strict(name: str) -> None:
    lists: dict[str, object] = {
        "violations": [Violation(where="<where>", what="<what>", correction="<correction>")],
        "questions": [("<path>", "<requirements>")],
    }
    variables = {variable: lists.get(variable, f"<{variable}>") for variable in GIVEN[name][0]}
    assert "{{" not in Prompts().render(name, **variables)
    for left_out in variables:
        kept = {key: value for key, value in variables.items() if key != left_out}
        with pytest.raises(SettingsError, match=f"{name}.md: '{left_out}' is undefined"):
            Prompts().render(name, **kept)


def test_what_is_filled_in_is_not_read_as_a_template() -> None:
    assert "{{ x }} <b> {% if %}" in Prompts().render("again", reason="{{ x }} <b> {% if %}", correction="")


def test_a_prompt_is_compiled_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiled: list[str] = []
    once = Environment.from_string

    def counted(self: Environment, source: str) -> Template:
        compiled.append(source)
        return once(self, source)

    monkeypatch.setattr(Environment, "from_string", counted)
    (tmp_path / "again.md").write_text("Counted: {{ reason }}", encoding="utf-8")
    assert [Prompts(tmp_path).render("again", reason=reason, correction="") for reason in "ab"] == [
        "Counted: a",
        "Counted: b",
    ]
    assert len(compiled) == 1


def test_a_prompt_of_the_users_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "again.md").write_text("No: {{ reason }}", encoding="utf-8")
    mine = Prompts(tmp_path)
    assert mine.render("again", reason="x", correction="") == "No: x"
    assert mine.text("system") == Prompts().text("system")


def test_an_unused_prompt_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "codnig.md").write_text("x")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(SettingsError, match=r"has codnig, which no agent uses\. The prompts are: .*coding"):
        Prompts(tmp_path)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none is not a folder\. `papercoder prompts --export DIR` creates one"):
        Prompts(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ reason", r"again\.md is not a valid template: line 1"),
        ("{% if %}", r"again\.md is not a valid template: line 1"),
        ("{{ reasn }}", r"again\.md: 'reasn' is undefined\. Its variables are: reason"),
        ("{{ reason.x.y }}", r"again\.md: .*no attribute 'x'"),
    ],
)
def test_a_broken_prompt_says_where(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "again.md").write_text(text)
    with pytest.raises(SettingsError, match=reason):
        Prompts(tmp_path).render("again", reason="x", correction="")


def test_a_prompt_in_another_encoding_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "again.md").write_bytes("Nö: {{ reason }}".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"again\.md"):
        Prompts(tmp_path).render("again", reason="x", correction="")


def test_exported_prompts_are_the_shipped_ones_and_edits_are_kept(tmp_path: Path) -> None:
    assert {path.stem for path in Prompts().export(tmp_path / "mine")} == set(names())
    exported = Prompts(tmp_path / "mine")
    assert all(exported.text(name) == Prompts().text(name) for name in names())
    (tmp_path / "mine" / "coding.md").write_text("mine")
    (tmp_path / "mine" / "logic.md").unlink()
    assert [path.name for path in Prompts().export(tmp_path / "mine")] == ["logic.md"]
    assert (tmp_path / "mine" / "coding.md").read_text() == "mine"
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="file"):
        Prompts().export(tmp_path / "file")
