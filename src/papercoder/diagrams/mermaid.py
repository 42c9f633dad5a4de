"""Renders Mermaid source with Mermaid itself, one process per diagram, and reports syntax errors by line and column.

Each diagram is rendered once: results are kept in memory and, as SVG files, in the user's cache folder.
"""

import json
import re
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from papercoder.diagrams.cleaner import InvalidSvgError, clean
from papercoder.errors import RunFolderError
from papercoder.runs.folder import digest, write_synced
from papercoder.settings import cache_folder
from papercoder.text.characters import printable

Kind = Literal["classDiagram", "sequenceDiagram"]

TIME_LIMIT = 60.0
"""Seconds for one diagram. An ordinary one takes 1 to 3 on an idle machine, 60 classes about 30."""

_SCRIPT = Path(__file__).with_name("render_script.py")
_NAMES: dict[Kind, str] = {"classDiagram": "class diagram", "sequenceDiagram": "sequence diagram"}
_CONFIG: dict[str, object] = {
    "theme": "base",
    "handDrawnSeed": 1,
    "themeVariables": {"fontSize": "13px"},
    "flowchart": {"htmlLabels": True, "nodeSpacing": 20, "rankSpacing": 40, "padding": 8, "wrappingWidth": 600},
    "class": {"hideEmptyMembersBox": True, "nodeSpacing": 40, "rankSpacing": 50},
    "sequence": {
        "width": 100,
        "height": 34,
        "actorMargin": 16,
        "messageMargin": 26,
        "wrapPadding": 4,
        "diagramMarginX": 10,
        "boxMargin": 8,
        "actorFontSize": 13,
        "messageFontSize": 12,
        "noteFontSize": 12,
    },
}
"""Sizes, and a seed so that a source always gives the same SVG. Colors come from our style sheet.

Labels are HTML, because Mermaid takes ten times as long for labels as text here.
"""


@dataclass(frozen=True)
class Rendering:
    """What Mermaid made of a source; exactly one field is set."""

    svg: str = ""
    """Cleaned."""

    syntax_error: str = ""
    """Mermaid's message."""

    failure: str = ""
    """Why there is no result, although the source may be correct."""


def render(source: str) -> Rendering:
    """Render a diagram; this takes seconds the first time."""
    return submit(source).result()


@lru_cache(maxsize=256)
def submit(source: str) -> Future[Rendering]:
    """Start to render a diagram in the background; the same source is rendered once per process."""
    return _threads().submit(_render, _without_settings(source))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="mermaid")


def syntax_problem(source: str, kind: Kind) -> str | None:
    """Why Mermaid cannot parse this as a diagram of this kind, in one line for the model; None if it can.

    A diagram that could not be rendered for another reason, such as its size, counts as correct.
    """
    text = _without_settings(source)
    if text.split("\n", 1)[0].split()[:1] not in ([kind], [f"{kind}-v2"]):
        return f"the {_NAMES[kind]} does not start with `{kind}`"
    error = render(source).syntax_error
    skipped = source.strip().count("\n") - text.count("\n")  # lines of settings above the diagram
    return f"the {_NAMES[kind]} does not parse{_place(error, text, skipped)}" if error else None


def _without_settings(source: str) -> str:
    """The source without front matter, directives and comments, which could change how Mermaid works."""
    text = printable(source).strip()
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    text = re.sub(r"%%\{(?:(?!%%).)*\}%%", "", text, flags=re.DOTALL)
    return re.sub(r"^[ \t]*%%.*$", "", text, flags=re.MULTILINE).strip()


def _render(source: str) -> Rendering:
    kept = cache_folder() / "diagrams" / f"{digest([version('mermaidx'), _CONFIG, source])}.svg"
    with suppress(OSError, UnicodeDecodeError, InvalidSvgError):
        return Rendering(svg=clean(kept.read_text(encoding="utf-8")))
    rendering = _run_script(source)
    if not rendering.svg:
        return rendering
    with suppress(RunFolderError):  # a cache that cannot be written only costs time
        write_synced(kept, rendering.svg)
    try:
        return Rendering(svg=clean(rendering.svg))
    except InvalidSvgError as error:
        return Rendering(failure=str(error))


def _run_script(source: str) -> Rendering:
    """What Mermaid makes of the source, not cleaned yet."""
    request = json.dumps({"source": source, "config": _CONFIG})
    command = [sys.executable, "-P", str(_SCRIPT)]
    try:
        done = subprocess.run(
            command, input=request, capture_output=True, encoding="utf-8", timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return Rendering(failure=f"Mermaid needed more than {TIME_LIMIT:.0f} s")
    except OSError as error:
        return Rendering(failure=f"Mermaid cannot be started ({error.strerror})")
    if done.returncode:
        return Rendering(failure=f"Mermaid stopped with exit code {done.returncode}")
    answer = json.loads(done.stdout)
    if "svg" in answer:
        return Rendering(svg=answer["svg"])
    message = answer["error"].removeprefix("Mermaid rendering failed: ").removeprefix("Error: ")
    return Rendering(syntax_error=message)


def _place(error: str, text: str, skipped: int) -> str:
    """Where the error is: line, column and what stands there; Mermaid's own words where it names no line.

    Mermaid prints the line's number, up to 20 characters before the error without their line breaks, and a pointer.
    """
    found = re.search(r"error on line (\d+)[^\n]*\n([^\n]*)\n(-*)\^", error)
    if not found:
        return f": {error.splitlines()[0]}"
    number, lines = int(found[1]), text.splitlines()
    if number > len(lines):
        return f" at its end, after line {len(lines) + skipped}: `{lines[-1].strip()}`"
    line = lines[number - 1]
    before = found[2][: len(found[3])].removeprefix("...")
    ends = (end for end in range(len(line), -1, -1) if line[:end].endswith(before) or before.endswith(line[:end]))
    unexpected = re.search(r"got '([^']*)'|Unrecognized text", error)
    reason = f" (unexpected {unexpected[1]})" if unexpected and unexpected[1] else ""
    return f" at line {number + skipped}, column {next(ends) + 1}: `{line.strip()}`{reason}"
