"""The files that describe a generated repository: README, traceability, citation, package."""

import ast
import json

from papercoder.artifacts import (
    DataSource,
    DataSources,
    OverallPlan,
    Paper,
    Requirement,
    Requirements,
    SourceFile,
    Traceability,
)
from papercoder.artifacts.design import Design
from papercoder.repository.syntax import parse
from papercoder.repository.traceability import to_markdown
from papercoder.stages.packaging.equipment import shipped
from papercoder.text.markdown import code as code_span
from papercoder.text.markdown import escaped, inline, paragraphs


def documents(paper: Paper, design: Design, traceability: Traceability, results: str = "") -> tuple[SourceFile, ...]:
    """README, Dockerfile, `pyproject.toml`, citation and, if requirements are traced, the traceability files.

    `results` is the Markdown of what was measured; empty if nothing was.
    """
    about = (
        SourceFile(path="README.md", text=readme(paper, design, traceability, results)),
        SourceFile(path="Dockerfile", text=shipped("Dockerfile")),
        SourceFile(path="pyproject.toml", text=pyproject(paper, design.package)),
        SourceFile(path="CITATION.cff", text=citation(paper)),
    )
    if not design.requirements.items:
        return about
    return (
        *about,
        SourceFile(path="TRACEABILITY.md", text=to_markdown(traceability)),
        SourceFile(path="TRACEABILITY.json", text=traceability.model_dump_json(indent=1) + "\n"),
    )


def readme(paper: Paper, design: Design, traceability: Traceability, results: str = "") -> str:
    """`README.md`: origin, results, usage, files, assumptions and traceability."""
    files = "\n".join(f"- {code_span(file.path)}: {inline(file.purpose)}" for file in design.architecture.files)
    parts = [
        f"# {escaped(paper.title)}",
        *_paper(paper),
        _ORIGIN,
        paragraphs(design.plan.summary),
        _HOW,
        _RESULTS + (f"\n\n{results.strip()}" if results else ""),
        _SETTINGS + (_TRACED if design.requirements.items else ""),
        *_data(design.data),
        f"## Files\n\n{files}\n{_GIVEN}",
        "## What the paper leaves open\n\n" + "\n".join(_assumptions(design)),
        "## What is traced\n\n" + "\n".join(_coverage(design.requirements, traceability)),
        _LICENCE,
    ]
    return "\n\n".join(parts) + "\n"


_ORIGIN = """\
Code generated from the paper by PaperCoder. The paper's authors did not write it; `CITATION.cff` says how to cite
them."""

_HOW = """\
## How to run it

```bash
./reproduce.sh --smoke      # tiny settings, about a minute: does it run?
./reproduce.sh              # every experiment of the paper
./reproduce.sh --workers 4  # four trials at a time
```

`reproduce.sh` installs what `requirements.lock`, or else `requirements.txt`, names into `.venv`; it needs Python 3.11.
`Dockerfile` does the same in a container, with or without a GPU. In an environment of your own, use `python main.py`
with the same options:

- `--list` prints all trials as JSON; a trial is one method on one data set with one seed.
- `--only EXPERIMENT`, `--seeds N` and `--trial ID` run a part.
- `--set training.epochs=5 --results DIR` changes a setting and keeps the results apart.

It may be stopped at any time: the same command runs what is missing. After a change of code or settings, only the
trials that used them run again. `python -m pytest tests` runs the tests."""

_RESULTS = """\
## Results

`results.md` has the paper's tables with what was measured, `results.json` the same for programs, `figures/` the plots
and `results/` a file for each trial, with its settings, time, memory and package versions."""

_SETTINGS = """\
All settings are in `config.yaml`, each with its source in the paper. `config.smoke.yaml` has tiny values for a quick
test; ignore its results, which are kept apart in `results/smoke`."""

_DATA = """\
## Data

The code downloads nothing. It reads each data set and each set of pretrained weights from a folder of its name in
`data/`, or in another folder that the setting `data.root` names. Without them, `./reproduce.sh --smoke` runs on
synthetic data.
"""

_GIVEN = """\
- `main.py`, `trials.py`: the command and the runner of the trials, the same in every repository.
- `claims.json`: the numbers that the paper reports."""

_LICENCE = """\
## Licence

The licence of generated code is not settled everywhere; ask the paper's authors before you publish it as theirs. Data
sets and pretrained weights have licences of their own."""


def _paper(paper: Paper) -> list[str]:
    """The authors and the address of the paper, as far as they are known."""
    shown = [*paper.authors[:12], *(["others"] if len(paper.authors) > 12 else [])]
    parts = [inline(", ".join(shown))] if shown else []
    if paper.address:
        parts.append(f"<{paper.address}>")
    return ["The paper: " + ". ".join(parts)] if parts else []


def pyproject(paper: Paper, package: str) -> str:
    """`pyproject.toml`: installs the package and the runner."""
    return f"""\
[project]
name = "{package.replace("_", "-")}"
version = "0.1.0"
description = {json.dumps(f"Code generated from the paper: {paper.title}", ensure_ascii=False)}
requires-python = ">=3.11"
dynamic = ["dependencies"]

[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[tool.setuptools]
py-modules = ["trials"]
packages.find.include = ["{package}", "{package}.*"]
dynamic.dependencies.file = ["requirements.txt"]
"""


def citation(paper: Paper) -> str:
    """`CITATION.cff` of the paper."""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    people = "\n".join(f"  - name: {quoted(name)}" for name in paper.authors or (f"The authors of {paper.title}",))
    work = f"title: {quoted(paper.title)}\nauthors:\n{people}"
    if paper.address:
        work += f"\nurl: {quoted(paper.address)}"
    nested = "\n".join(f"  {line}" for line in work.splitlines())
    return f"""\
cff-version: 1.2.0
message: This repository was generated from a paper. Please cite the paper.
{work}
preferred-citation:
  type: article
{nested}
"""


def bare_readme(paper: Paper, plan: OverallPlan | None, code: tuple[SourceFile, ...]) -> SourceFile:
    """`README.md` of code without a design; the purpose of a file is the first line of its docstring."""
    files = "\n".join(f"- {code_span(file.path)}{_purpose(file)}" for file in code)
    unclear = "\n".join(f"- {inline(text)}" for text in plan.unclear) if plan else ""
    parts = [
        f"# {escaped(paper.title)}",
        "Code generated from the paper by PaperCoder. The paper's authors did not write it.",
        paragraphs(plan.summary) if plan else "",
        _BARE_HOW,
        _BARE_SETTINGS,
        f"## Files\n\n{files}",
        f"## What the paper leaves open\n\n{unclear}" if unclear else "",
        f"## What is traced\n\n{_UNTRACED} {_UNSEEN}",
    ]
    return SourceFile(path="README.md", text="\n\n".join(filter(None, parts)) + "\n")


_BARE_HOW = """\
## How to run it

```bash
python3 -m venv .venv && . .venv/bin/activate
pip install -r requirements.txt
./reproduce.sh --smoke    # tiny settings, about a minute: does it run?
./reproduce.sh            # the paper's settings; writes results.json
```"""

_BARE_SETTINGS = """\
All settings are in `main.py`: the paper's, and tiny ones for a quick test. They were not checked against the paper."""

_TRACED = " `TRACEABILITY.md` links each requirement of the paper to lines of code."
_UNTRACED = "Requirements were not extracted in this profile."
_UNSEEN = "This profile neither reviews the code nor runs it."


def _purpose(file: SourceFile) -> str:
    """The first line of a Python file's docstring."""
    try:
        said = ast.get_docstring(parse(file.text)) if file.path.endswith(".py") else None
    except SyntaxError:
        return ""
    return f": {inline(said.splitlines()[0])}" if said else ""


def _data(data: DataSources) -> list[str]:
    """How to get the data and weights that are in files; nothing if there are none."""
    lines = [f"- `data/{source.name}`: {_origin(source)}" for source in data.items if source.has_files]
    return ["\n".join((_DATA, *lines))] if lines else []


def _origin(source: DataSource) -> str:
    """Where a source can be had, and its licence as far as it is known."""
    kind = " --repo-type dataset" if source.kind == "hf_dataset" else ""
    revision = f" --revision {source.revision}" if source.revision else ""
    where = {
        "hf_dataset": code_span(f"hf download {source.id}{kind}{revision} --local-dir data/{source.name}"),
        "hf_model": code_span(f"hf download {source.id}{kind}{revision} --local-dir data/{source.name}"),
        "url": f"{code_span(source.id)}, unpacked if it is an archive",
        "doi": code_span(f"https://doi.org/{source.id}"),
        "openml": f"{code_span(f'https://www.openml.org/d/{source.id}')}, as `dataset.arff`",
    }.get(source.kind, f"not public. {inline(source.fallback_details)}")
    return f"{where} (licence: {inline(source.licence)})" if source.licence else where


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
