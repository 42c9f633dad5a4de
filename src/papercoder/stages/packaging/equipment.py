"""Packaging: the files around the code that let others install and run it. No model is called.

Functions named `bare` are for code without a configuration, and so without a complete design.
"""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from papercoder.artifacts import LogicDesign, OverallPlan, Paper, Requirement, Requirements, SourceFile, Traceability
from papercoder.artifacts.design import ENTRY, Design
from papercoder.repository.packages import requirements_file, third_party_imports
from papercoder.repository.syntax import parse
from papercoder.repository.traceability import to_markdown
from papercoder.text.markdown import code as code_span
from papercoder.text.markdown import escaped, inline, paragraphs

REPRODUCE = """\
#!/usr/bin/env bash
# Reproduces the paper; with --smoke, shows in about a minute that the code runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

config=config.yaml
case "${1:-}" in
  "") ;;
  --smoke) config=config.smoke.yaml ;;
  *) echo "usage: $0 [--smoke]" >&2; exit 2 ;;
esac

"${PYTHON:-python3}" main.py --config "$config"
test -s results.json || { echo "main.py ended without results.json" >&2; exit 1; }
echo "The results are in results.json."
"""
"""`reproduce.sh`."""

BARE_REPRODUCE = """\
#!/usr/bin/env bash
# Reproduces the paper; with --smoke, shows in about a minute that the code runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

case "${1:-}" in
  "" | --smoke) ;;
  *) echo "usage: $0 [--smoke]" >&2; exit 2 ;;
esac

"${PYTHON:-python3}" main.py "$@"
test -s results.json || { echo "main.py ended without results.json" >&2; exit 1; }
echo "The results are in results.json."
"""
"""`reproduce.sh` of code that holds its settings itself."""


def equipment(logic: LogicDesign, code: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """The files that the code needs to run: `requirements.txt`, `reproduce.sh`, package markers, `.gitignore`."""
    return _equipment(REPRODUCE, logic.packages, code)


def bare_equipment(packages: tuple[str, ...], code: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """The same for bare code; `packages` are the planned packages."""
    files = _equipment(BARE_REPRODUCE, packages, code)
    starts = any(file.path == ENTRY for file in code)
    return tuple(file for file in files if starts or file.path != "reproduce.sh")


def _equipment(script: str, packages: tuple[str, ...], code: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    return (
        SourceFile(path="requirements.txt", text=requirements_txt(packages, code)),
        SourceFile(path="reproduce.sh", text=script),
        SourceFile(path=".gitignore", text=_IGNORED),
        *(SourceFile(path=path, text="") for path in package_markers(code)),
    )


def documents(paper: Paper, design: Design, traceability: Traceability) -> tuple[SourceFile, ...]:
    """`README.md` and, if requirements are traced, the traceability files."""
    about = SourceFile(path="README.md", text=readme(paper, design, traceability))
    if not design.requirements.items:
        return (about,)
    return (
        about,
        SourceFile(path="TRACEABILITY.md", text=to_markdown(traceability)),
        SourceFile(path="TRACEABILITY.json", text=traceability.model_dump_json(indent=1) + "\n"),
    )


_IGNORED = "__pycache__/\n.venv/\nresults.json\n"


def requirements_txt(packages: tuple[str, ...], files: tuple[SourceFile, ...]) -> str:
    """`requirements.txt`, from the planned packages and the actual imports."""
    local = {PurePosixPath(file.path).parts[0].removesuffix(".py") for file in files}
    code = (file for file in files if file.path.endswith(".py") and not file.path.startswith("tests/"))
    return requirements_file(packages, (name for file in code for name in _imports(file, local)))


def _imports(file: SourceFile, local: set[str]) -> Iterator[str]:
    try:
        yield from third_party_imports(file.text, local)
    except SyntaxError:
        return  # edited by the user; the planned packages must suffice


def package_markers(files: tuple[SourceFile, ...]) -> tuple[str, ...]:
    """The missing `__init__.py` files of folders with code, except tests."""
    code = [file.path for file in files if file.path.endswith(".py") and not file.path.startswith("tests/")]
    folders = {parent for path in code for parent in PurePosixPath(path).parents if parent.parts}
    return tuple(sorted(path for folder in folders if (path := f"{folder}/__init__.py") not in code))


def readme(paper: Paper, design: Design, traceability: Traceability) -> str:
    """`README.md`: origin, usage, files, assumptions and traceability."""
    files = "\n".join(f"- {code_span(file.path)}: {inline(file.purpose)}" for file in design.architecture.files)
    parts = [
        f"# {escaped(paper.title)}",
        _ORIGIN,
        paragraphs(design.plan.summary),
        _HOW,
        _SETTINGS + (_TRACED if design.requirements.items else ""),
        f"## Files\n\n{files}",
        "## What the paper leaves open\n\n" + "\n".join(_assumptions(design)),
        "## What is traced\n\n" + "\n".join(_coverage(design.requirements, traceability)),
    ]
    return "\n\n".join(parts) + "\n"


def bare_readme(paper: Paper, plan: OverallPlan | None, code: tuple[SourceFile, ...]) -> SourceFile:
    """`README.md` of bare code; the purpose of a file is the first line of its docstring."""
    files = "\n".join(f"- {code_span(file.path)}{_purpose(file)}" for file in code)
    unclear = "\n".join(f"- {inline(text)}" for text in plan.unclear) if plan else ""
    parts = [
        f"# {escaped(paper.title)}",
        _ORIGIN,
        paragraphs(plan.summary) if plan else "",
        _HOW,
        _BARE_SETTINGS,
        f"## Files\n\n{files}",
        f"## What the paper leaves open\n\n{unclear}" if unclear else "",
        f"## What is traced\n\n{_UNTRACED} {_UNSEEN}",
    ]
    return SourceFile(path="README.md", text="\n\n".join(filter(None, parts)) + "\n")


def _purpose(file: SourceFile) -> str:
    """The first line of a Python file's docstring."""
    try:
        said = ast.get_docstring(parse(file.text)) if file.path.endswith(".py") else None
    except SyntaxError:
        return ""
    return f": {inline(said.splitlines()[0])}" if said else ""


_ORIGIN = "Code generated from the paper by PaperCoder. The paper's authors did not write it."

_HOW = """\
## How to run it

```bash
python3 -m venv .venv && . .venv/bin/activate
pip install -r requirements.txt
./reproduce.sh --smoke    # tiny settings, about a minute: does it run?
./reproduce.sh            # the paper's settings; writes results.json
```"""

_SETTINGS = """\
All settings are in `config.yaml`, each with its source in the paper. `config.smoke.yaml` has tiny values for a quick
test; ignore its results."""

_BARE_SETTINGS = """\
All settings are in `main.py`: the paper's, and tiny ones for a quick test. They were not checked against the paper."""

_TRACED = " `TRACEABILITY.md` links each requirement of the paper to lines of code."
_UNTRACED = "Requirements were not extracted in this profile."
_UNSEEN = "This profile neither reviews the code nor runs it."


def _assumptions(design: Design) -> list[str]:
    lines = [
        f"- {item.id}: {inline(item.statement)}{_others(item.alternatives)}" for item in _assumed(design.requirements)
    ]
    lines += [
        f"- {code_span(value.key)} is {inline(repr(value.value))}{_others(value.alternatives)}"
        for value in design.config.values
        if value.source == "assumed"
    ]
    lines += [f"- {inline(text)}" for text in design.plan.unclear]
    return lines or ["Nothing was found."]


def _others(alternatives: tuple[str, ...]) -> str:
    return f" (alternatives: {inline('; '.join(alternatives))})" if alternatives else ""


def _assumed(requirements: Requirements) -> tuple[Requirement, ...]:
    return tuple(item for item in requirements.items if item.status == "assumed")


def _coverage(requirements: Requirements, traceability: Traceability) -> list[str]:
    if not requirements.items:
        return [_UNTRACED]
    lines = [f"{len(requirements.items)} requirements; see [TRACEABILITY.md](TRACEABILITY.md)."]
    if traceability.unowned:
        lines.append(f"Without an owner: {', '.join(traceability.unowned)}.")
    if traceability.unmarked:
        lines.append(f"Without a mark in the code: {', '.join(traceability.unmarked)}.")
    return [*lines, "A mark shows where to look; it does not prove that the code there meets the requirement."]
