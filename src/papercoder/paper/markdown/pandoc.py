"""What pandoc and Quarto add to Markdown, as plain Markdown: attributes, divs, captions, inline notes, an abstract."""

import re
from collections.abc import Iterator, Sequence

from papercoder.text.yaml_text import InvalidYaml, load_yaml

_ATTRIBUTES = re.compile(r"[ \t]*\{(?:[#.][A-Za-z][\w:.-]*|[\w-]+=(?:\"[^\"]*\"|[^\s{}]+)|-)(?:\s[^{}\n]*)?\}[ \t]*$")
"""Behind a heading, a formula, a caption or a picture: `{#sec:x .unnumbered width=50%}`."""

_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_DIV = re.compile(r" {0,3}:{3,}\s*(?:\{[^{}]*\}|[\w-]+)?\s*:*\s*$")
_CAPTION = re.compile(r" {0,3}(?:Table)?:\s+(?=\S)(?!\d)")
_RULE = re.compile(r"\s*-{2,}(?:\s+-{2,})+\s*$")
"""Below the first row of a simple table; its dashes say where the columns are."""

_NOTE = re.compile(r"\^\[((?:[^\[\]]|\[[^\[\]]*\])+)\]")


def front_matter(text: str) -> tuple[str, str]:
    """The title and the abstract in the metadata; empty where there is none."""
    try:
        found = load_yaml(text)
    except InvalidYaml:  # such as a title with a colon and without quotes
        line = _TITLE.search(text)
        return line[1] if line else "", ""
    values = found if isinstance(found, dict) else {}
    title, abstract = (values.get(name) for name in ("title", "abstract"))
    subtitle = values.get("subtitle")
    if isinstance(title, str) and isinstance(subtitle, str):
        title = f"{title}: {subtitle}"
    return title if isinstance(title, str) else "", abstract.strip() if isinstance(abstract, str) else ""


def plain_lines(lines: Sequence[str]) -> list[str]:
    """The lines without pandoc's own syntax, if the file has any; a caption begins with `Table` and its number."""
    found: list[str] = []
    notes: list[str] = []
    tables = noted = 0
    if not any(_DIV.fullmatch(line) or _ATTRIBUTES.search(line) for line in lines):
        return list(lines)
    lines = list(_with_pipes(lines))
    for position, line in enumerate(lines):
        text = "" if _DIV.fullmatch(line) else _ATTRIBUTES.sub("", line)
        if _CAPTION.match(text) and _is_beside_table(lines, position):
            tables += 1
            text = _CAPTION.sub(f"Table {tables}: ", text)
        while note := _NOTE.search(text):
            noted += 1
            text = f"{text[: note.start()]}[^inline{noted}]{text[note.end() :]}"
            notes += ["", f"[^inline{noted}]: {note[1]}"]
        found.append(text)
        if notes and not text.strip():
            found += [*notes[1:], ""]
            notes = []
    return [*found, *notes]


def _is_beside_table(lines: Sequence[str], position: int) -> bool:
    above = next((line for line in reversed(lines[:position]) if line.strip()), "")
    below = next((line for line in lines[position + 1 :] if line.strip()), "")
    return above.count("|") > 1 or below.count("|") > 1


def _with_pipes(lines: Sequence[str]) -> Iterator[str]:
    """The lines with simple tables, whose columns only blanks divide, as tables with pipes."""
    columns: list[tuple[int, int | None]] = []
    for position, line in enumerate(lines):
        below = lines[position + 1] if position + 1 < len(lines) else ""
        if not columns and line.strip() and "|" not in line and _RULE.fullmatch(below):
            starts = [found.start() for found in re.finditer(r"-+", below)]
            columns = list(zip([0, *starts[1:]], [*starts[1:], None], strict=True))
        elif not line.strip():
            columns = []
        if columns and _RULE.fullmatch(line):
            yield "|" + "---|" * len(columns)
        elif columns:
            yield "| " + " | ".join(line[start:end].strip() for start, end in columns) + " |"
        else:
            yield line
