"""The files around the code: what it needs to run, README, traceability, citation, package, and what was measured.

Functions named `bare` are for code without a configuration and trials, and so without a complete design.
"""

import ast
import json
import platform
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

from papercoder.artifacts import (
    ClaimResult,
    ClaimResults,
    DataSource,
    DataSources,
    OverallPlan,
    Paper,
    Requirements,
    SourceFile,
    Traceability,
    TrialResult,
)
from papercoder.artifacts.design import ENTRY, EXPERIMENTS, Design
from papercoder.claims.verdicts import printed_number
from papercoder.repository.files import RUNNER, parse
from papercoder.repository.packages import requirements_file, third_party_imports
from papercoder.repository.traceability import CLAIMS, claims_json, to_markdown
from papercoder.text.markdown import code as code_span
from papercoder.text.markdown import escaped, inline, paragraphs

_MAIN = """\
\"\"\"Runs the experiments; `python main.py --help` lists the options.\"\"\"

import sys

from trials import main

if __name__ == "__main__":
    sys.exit(main("{module}"))
"""
_IGNORED = "__pycache__/\n.venv/\nresults/smoke/\nresults/*/*.npy\n*.checkpoint\n*.part\n"
_BARE_IGNORED = "__pycache__/\n.venv/\nresults.json\n"


def equipment(design: Design, code: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """`main.py`, `trials.py`, `claims.json`, `requirements.txt`, `reproduce.sh`, package markers, `.gitignore`."""
    module = f"{design.package}.{EXPERIMENTS.removesuffix('.py')}"
    runner = SourceFile(path=RUNNER, text=shipped(RUNNER))
    return (
        SourceFile(path=ENTRY, text=_MAIN.format(module=module)),
        runner,
        SourceFile(path=CLAIMS, text=claims_json(design.claims)),
        SourceFile(path="requirements.txt", text=requirements_txt(design.logic.packages, (*code, runner))),
        SourceFile(path="reproduce.sh", text=shipped("reproduce.sh")),
        SourceFile(path=".gitignore", text=_IGNORED),
        *(SourceFile(path=path, text="") for path in package_markers(code)),
    )


def bare_equipment(packages: tuple[str, ...], code: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """The same for bare code, which has its own `main.py`; `packages` are the planned packages."""
    script = (SourceFile(path="reproduce.sh", text=shipped("reproduce_bare.sh")),)
    return (
        SourceFile(path="requirements.txt", text=requirements_txt(packages, code)),
        *(script if any(file.path == ENTRY for file in code) else ()),
        SourceFile(path=".gitignore", text=_BARE_IGNORED),
        *(SourceFile(path=path, text="") for path in package_markers(code)),
    )


@cache
def shipped(name: str) -> str:
    """The text of a file that every repository gets."""
    return files("papercoder.stages.packaging.shipped").joinpath(name).read_text(encoding="utf-8")


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
        f"- {item.id}: {inline(item.statement)}{_others(item.alternatives)}"
        for item in tuple(item for item in design.requirements.items if item.status == "assumed")
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


def _coverage(requirements: Requirements, traceability: Traceability) -> list[str]:
    if not requirements.items:
        return [_UNTRACED]
    lines = [f"{len(requirements.items)} requirements; see [TRACEABILITY.md](TRACEABILITY.md)."]
    if traceability.unowned:
        lines.append(f"Without an owner: {', '.join(traceability.unowned)}.")
    if traceability.unmarked:
        lines.append(f"Without a mark in the code: {', '.join(traceability.unmarked)}.")
    return [*lines, "A mark shows where to look; it does not prove that the code there meets the requirement."]


def result_files(compared: ClaimResults, trials: Iterable[TrialResult]) -> tuple[SourceFile, ...]:
    """`results.json` in the format of the shipped runner, and `results.md` with the paper's tables."""
    results = tuple(trials)
    text = f"# Results\n\n{conditions(results)}\n\n{results_table(compared)}"
    return (
        SourceFile(path="results.json", text=_json(compared, results)),
        SourceFile(path="results.md", text=text),
    )


def results_table(compared: ClaimResults) -> str:
    """Every claim with its reported and its measured value, a table for each of the paper's tables."""
    groups: dict[str, list[ClaimResult]] = {}
    for item in compared.items:
        groups.setdefault(item.claim.anchor, []).append(item)
    return "\n".join(line for anchor, items in groups.items() for line in (*_table(anchor, items), ""))


def _table(anchor: str, items: list[ClaimResult]) -> Iterator[str]:
    yield f"[{escaped(anchor)}]"
    yield ""
    yield "| | method | data | metric | reported | measured | seeds | verdict |"
    yield "|---|---|---|---|---:|---:|---:|---|"
    for item in items:
        claim, measured = item.claim, item.measured
        names = " | ".join(escaped(name) for name in (claim.method, claim.dataset, f"{claim.metric} {claim.unit}"))
        spread = "" if claim.spread is None else f" ± {claim.spread:g}"
        reported = f"{printed_number(claim)}{spread}"
        std = "" if measured is None or measured.std is None else f" ± {measured.std:.3g}"
        value = "–" if measured is None else f"{measured.value:.5g}{std}"
        seeds = measured.seeds if measured and measured.seeds else "–"
        yield f"| {claim.id} | {names} | {reported} | {value} | {seeds} | {item.verdict.replace('_', ' ')} |"


def conditions(trials: Iterable[TrialResult]) -> str:
    """How many trials were measured, how long they took and on which machine, in one or two sentences."""
    done = [trial for trial in trials if trial.status == "done"]
    seconds, peaks = sum(trial.seconds for trial in done), [trial.peak_memory for trial in done if trial.peak_memory]
    memory = f", with at most {max(peaks) / 1e9:.1f} GB of memory each" if peaks else ""
    machine = f"{platform.machine()}, Python {done[0].versions.get('python', '')}" if done else platform.machine()
    toy = " They ran at reduced scale or on synthetic data." if any(t.scale < 1 or t.synthetic for t in done) else ""
    return inline(f"{len(done)} trials took {seconds / 60:.1f} minutes together on {machine}{memory}.{toy}")


def _json(compared: ClaimResults, trials: tuple[TrialResult, ...]) -> str:
    rows = [
        {
            "claim": item.claim.id,
            "experiment": item.claim.experiment,
            "method": item.claim.method,
            "dataset": item.claim.dataset,
            "metric": item.claim.metric,
            "mean": item.measured.value,
            "std": item.measured.std,
            "seeds": item.measured.seeds,
        }
        for item in compared.items
        if item.measured
    ]
    failed = [{"id": trial.trial.id, "reason": trial.reason} for trial in trials if trial.status != "done"]
    return json.dumps({"results": rows, "failed": failed}, indent=1, ensure_ascii=False) + "\n"
