"""Pages of the documentation site that are made from the code: every command with its options, and files of the root.

MkDocs loads this module as a hook.
"""

from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from papercoder.cli import app

_ROOT = Path(__file__).parents[1]
_FROM_ROOT = {"../benchmarks/RESULTS.md": "results.md", "../SECURITY.md": "reporting.md"}
"""Links of the pages to files outside `docs`, and the pages of the site that have these files' text."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    files.append(File.generated(config, "commands.md", content=commands()))
    for link, name in _FROM_ROOT.items():
        text = (_ROOT / "docs" / link).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=text))
    for plot in sorted((_ROOT / "benchmarks" / "plots").glob("*.svg")):
        files.append(File.generated(config, f"plots/{plot.name}", abs_src_path=str(plot)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Lead links to files outside `docs` to their pages."""
    for link, name in _FROM_ROOT.items():
        markdown = markdown.replace(f"]({link})", f"]({name})")
    return markdown


def commands() -> str:
    """Every command with its usage, arguments and options, as Markdown."""
    parts = ["# Commands", "`papercoder --help` and `papercoder COMMAND --help` show the same."]
    for name, command in _named("papercoder", get_command(app)):
        context = command.make_context(name, [], resilient_parsing=True)
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        rows = [row for parameter in command.params if (row := parameter.get_help_record(context))]
        parts += [f"## {name}", (command.help or "").strip(), f"```\n{usage}\n```"]
        if rows:
            lines = [f"| `{_cell(flags)}` | {_cell(text).replace('<', '&lt;')} |" for flags, text in rows]
            parts.append("| option | |\n|---|---|\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _named(name: str, command: TyperCommand | TyperGroup) -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    """A command and the commands below it, as they are typed, without hidden ones."""
    if not isinstance(command, TyperGroup) or (command.invoke_without_command and " " in name):
        yield name, command
    if isinstance(command, TyperGroup):
        for inner, each in sorted(command.commands.items()):
            if not each.hidden:
                yield from _named(f"{name} {inner}", each)


def _cell(text: str) -> str:
    """Text in a table, where a bar would end the cell."""
    return text.replace("|", "\\|")
