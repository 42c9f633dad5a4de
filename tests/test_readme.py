"""What README and docs show is true: commands parse, snippets run, settings are settings, files are there."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

import papercoder
from papercoder.cli import app
from papercoder.models.resolve import resolve
from papercoder.settings import Settings

ROOT = Path(__file__).parents[1]
PACKAGE = Path(papercoder.__file__).parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
ALL = "\n".join(TEXTS.values())

MADE_PAGES = ("commands.md", "results.md", "reporting.md")
"""Pages of the site that `docs/generated_pages.py` makes."""

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)#]+)\)")


def fenced(text: str, language: str) -> list[str]:
    """The blocks of a language."""
    return [block for name, block in FENCE.findall(text) if name == language]


def inline(text: str) -> list[str]:
    """What stands between backticks in running text, in one line each."""
    return [" ".join(code.split()) for code in INLINE.findall(FENCE.sub("", text))]


def command_lines() -> list[str]:
    """Every `papercoder ...` that is shown, without the brackets around what may be left out."""
    blocks = [line for block in fenced(ALL, "bash") for line in block.splitlines()]
    shown = (line.removeprefix(".venv/bin/").replace("[", "").replace("]", "") for line in [*blocks, *inline(ALL)])
    return sorted({line for line in shown if line.startswith("papercoder ") and not line.startswith("papercoder --")})


@pytest.fixture(scope="module")
def commands() -> TyperGroup:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def test_commands_are_shown() -> None:
    assert len(command_lines()) > 15


@pytest.mark.parametrize("line", command_lines())
def test_a_command_that_is_shown_can_be_given(line: str, commands: TyperGroup) -> None:
    name, *arguments = shlex.split(line, comments=True)[1:]
    command = commands.commands[name]
    if isinstance(command, TyperGroup) and arguments:  # `bench`, whose first word may be a manifest
        name, arguments = (arguments[0], arguments[1:]) if arguments[0] in command.commands else ("run", arguments)
        command = command.commands[name]
    if "--help" not in arguments:
        command.make_context(name, arguments[: arguments.index(">")] if ">" in arguments else arguments)


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`(--[a-z-]+)", ALL))))
def test_an_option_that_is_named_exists(option: str, commands: TyperGroup) -> None:
    groups = [commands, *(each for each in commands.commands.values() if isinstance(each, TyperGroup))]
    every = [*groups, *(command for group in groups for command in group.commands.values())]
    assert option in {name for command in every for each in command.params for name in each.opts}


def test_every_command_is_in_the_readme(commands: TyperGroup) -> None:
    shown = {line.split()[1] for line in command_lines()}
    assert set(commands.commands) == shown


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"\bmake ([a-z]+)", "\n".join(fenced(ALL, "bash") + inline(ALL)))))
)
def test_a_target_that_is_named_is_made(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("extra", sorted(set(re.findall(r"'(?:papercoder|\.)\[(\w+)\]'", ALL))))
def test_an_extra_that_is_named_exists(extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert extra in project["optional-dependencies"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the snippet of the README ran."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    (snippet,) = fenced(TEXTS["README.md"], "python")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(snippet, "README.md", "exec"), {"__name__": "__main__"})
    return folder


def test_the_snippet_makes_a_repository(library: Path) -> None:
    assert (library / "runs" / "library" / "repo" / "main.py").is_file()


_SOMETIMES = {"execution/", "planning/figures.json", "references/", "repair/"}


def run_files() -> list[str]:
    """The run folder's files, as its page names them; without those of executions, references and models of figures."""
    rows = [line for line in TEXTS["docs/runs.md"].split("## ")[0].splitlines() if line.startswith("| `")]
    folders = [name for row in rows for name in INLINE.findall(row.split("|")[1])]
    planned = [f"planning/{name}" for row in rows if "`planning/`" in row for name in INLINE.findall(row.split("|")[2])]
    return [name for name in [*folders, *planned] if name not in _SOMETIMES]


@pytest.mark.parametrize("name", run_files())
def test_a_run_has_the_files_that_are_named(library: Path, name: str) -> None:
    assert (library / "runs" / "library" / name).exists()


@pytest.mark.parametrize(
    ("page", "target"),
    [(page, target) for page, text in TEXTS.items() for target in LINK.findall(text) if "://" not in target],
)
def test_a_link_leads_somewhere(page: str, target: str) -> None:
    assert ((ROOT / page).parent / target).exists() or target in MADE_PAGES


@pytest.mark.parametrize(
    "name", sorted({code for code in inline(TEXTS["docs/design.md"]) if re.search(r"\.py$|/$", code)})
)
def test_a_module_that_is_named_is_there(name: str) -> None:
    assert (ROOT / name).exists() or (PACKAGE / name).exists() or list(PACKAGE.rglob(name))


def test_the_settings_file_that_is_shown_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (shown,) = fenced(TEXTS["docs/models.md"], "toml")
    Path("papercoder.toml").write_text(shown, encoding="utf-8")
    assert Settings().model_for("planning") == "anthropic:claude-sonnet-5-5"


@pytest.mark.parametrize("text", sorted(set(re.findall(r"PAPERCODER_\w+=[\w.]+", ALL))))
def test_a_variable_that_is_shown_is_a_setting(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, _, value = text.partition("=")
    monkeypatch.setenv(name, value if value != "..." else "openai:gpt-6.1-sol")
    if value != "...":
        assert str(getattr(Settings(), name.removeprefix("PAPERCODER_").lower())) == value


@pytest.mark.parametrize("spec", sorted({code for code in inline(ALL) if code.startswith("simulated:")}))
def test_a_simulation_that_is_shown_can_be_made(spec: str) -> None:
    assert resolve(spec, Settings()).name == spec
