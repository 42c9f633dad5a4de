"""Export a run as a static folder that others can audit, with a notebook: on a disk, or as a Space on Hugging Face."""

import json
import os
from pathlib import Path, PurePosixPath
from typing import Any

from papercoder.artifacts import ClaimResults, Claims, Paper, Traceability
from papercoder.errors import RunFolderError, SettingsError
from papercoder.files.regular import is_file, read_bytes, read_text, walk, write
from papercoder.models.recorded import slug
from papercoder.models.stack import Call, calls
from papercoder.operations.redaction import Redaction, quotes_in
from papercoder.report import Report, to_html
from papercoder.report import load as load_report
from papercoder.report.loading import judged_claims
from papercoder.repository.files import RUNNER, parse
from papercoder.repository.traceability import to_markdown
from papercoder.runs.event_log import read_events
from papercoder.runs.events import AnswerRejected, CallMade, CallReused, CallStarted, Event, RunStarted
from papercoder.runs.folder import answer_store, load
from papercoder.settings import LOCAL_MODELS
from papercoder.text.characters import one_line
from papercoder.text.markdown import code, inline

NOTEBOOK = "reproduce.ipynb"

_INSTALL = """\
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path("repo").resolve()


def run(*command):
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\\n{ended.stdout[-2000:]}{ended.stderr[-4000:]}")
    return ended.stdout


if importlib.util.find_spec("pip"):
    installer = [sys.executable, "-m", "pip", "install"]
else:
    installer = ["uv", "pip", "install", "--python", sys.executable]
run(*installer, "--quiet", "--requirement", "requirements.txt", "matplotlib")
print("The packages are installed.")"""

_SMOKE = """\
print(run(sys.executable, "main.py", "--smoke"))"""

_LIST = """\
trials = json.loads(run(sys.executable, "main.py", "--list"))["trials"]
for trial in trials:
    print(trial["id"], "->", ", ".join(trial["claims"]) or "no claim")
print(len(trials), "trials")"""

_PLOT = """\
import matplotlib.pyplot as plt

compared = json.loads(Path("claims.json").read_text(encoding="utf-8"))
measured = [item for item in compared["items"] if item["measured"]]
colors = {"met": "tab:green", "differs": "tab:red"}
if measured:
    figure, axes = plt.subplots(figsize=(7, 1 + 0.3 * len(measured)))
    for row, item in enumerate(measured):
        axes.plot(item["claim"]["value"], row, "k|", markersize=12)
        axes.plot(item["measured"]["value"], row, "o", color=colors.get(item["verdict"], "tab:gray"))
    labels = [f"{item['claim']['id']} {item['claim']['method']}, {item['claim']['dataset']}" for item in measured]
    axes.set_yticks(range(len(measured)), labels)
    axes.invert_yaxis()
    axes.set_xlabel("bar: reported; dot: measured (green: met, red: differs, gray: undecided)")
    figure.tight_layout()
    plt.show()
else:
    print("No trial has been measured yet.")"""


def notebook(title: str, paths: tuple[str, ...]) -> str:
    """The notebook in format 4.5; empty for a repository without trials.

    Args:
        title: of the paper.
        paths: of the files in the repository.
    """
    if RUNNER not in paths:
        return ""
    cells = [
        _markdown(
            f"# {inline(title)}\n\nThis notebook is beside `repo/`, the repository that PaperCoder wrote from the "
            "paper. It runs the repository's code on this machine, without a sandbox."
        ),
        _markdown("## Install"),
        _code(_INSTALL),
        _markdown("## Smoke run\n\nOne seed of everything with tiny settings. Its numbers mean nothing."),
        _code(_SMOKE),
        _markdown("## Trials\n\nA trial is one method on one data set with one seed; each feeds claims of the paper."),
        _code(_LIST),
        _markdown("## Results\n\nWhat was measured before this export, beside what the paper reports."),
        _code(_PLOT),
        _markdown(
            "## The full reproduction\n\n`python main.py` in `repo/` runs all trials that have no result yet, and "
            "writes `results.json`, `results.md` and figures. It can be stopped and started again."
        ),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _markdown(text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": text.splitlines(keepends=True),
    }


MAX_BYTES = 256 * 2**20
"""Largest total size of the repository's files."""

_NOT_EXPORTED = frozenset({".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"})
_HARMLESS_SETTINGS = frozenset(
    {"budget", "coding", "gpu", "max_cost", "max_tokens", "profile", "refine", "repair_rounds", "reproduce"}
    | {"review_rounds", "role_thinking", "sandbox", "thinking", "tolerance"}
)
_TRACEABILITY = ("TRACEABILITY.json", "TRACEABILITY.md")


def export(folder: Path, output: Path, *, redact: bool = False, answers: bool = False) -> tuple[str, ...]:
    """Write the static folder of a run.

    Keys, home folders and the names of this user and machine are removed from every file.

    Args:
        folder: the run folder.
        output: is created; it must not exist, or be empty.
        redact: leave out the paper's words and what models answered.
        answers: add all prompts and answers, which contain the paper.

    Returns:
        The paths of the files, in the order in which they were written.

    Raises:
        RunFolderError: it is not a run folder, the output is not empty, or a file cannot be read or written.
        SettingsError: answers are asked for and redacted.
    """
    if redact and answers:
        raise SettingsError("--redact leaves out the answers; use it without --answers.")
    report = load_report(folder)
    if os.path.lexists(output) and not (output.is_dir() and not any(output.iterdir())):
        raise RunFolderError(f"{output} exists and is not empty. Choose another folder with -o, or delete it.")
    writer = _Writer(folder, output, _redaction(folder, redact=redact), report)
    writer.write_repository()
    writer.write_records()
    if answers:
        writer.write_answers()
    writer.write_page()
    return tuple(writer.written)


def _redaction(folder: Path, *, redact: bool) -> Redaction:
    if not redact:
        return Redaction(folder)
    paper = load(folder, "paper.json", Paper)
    texts = [read_text(folder, f"planning/{name}.json") for name in ("requirements", "claims", "config", "data")]
    quotes = [quote for text in texts if text for quote in quotes_in(json.loads(text))]
    return Redaction(folder, paper, quotes)


class _Writer:
    """Writes the files of an export, each redacted."""

    def __init__(self, folder: Path, output: Path, redaction: Redaction, report: Report) -> None:
        self.written: list[str] = []
        self._folder, self._output = folder, output
        self._redaction = redaction
        self._report = _redacted_report(report, redaction)
        self._left_out: list[str] = []
        """Files of the repository that could not be redacted."""

    def write_repository(self) -> None:
        """The repository without its history: texts are redacted, other files are as they are."""
        paths = list(walk(self._folder, "repo", lambda path: path.name not in _NOT_EXPORTED))
        left = MAX_BYTES
        for path in paths:
            content = read_bytes(self._folder, f"repo/{path}", most=MAX_BYTES)
            left -= len(content or b"")
            if left < 0:
                raise RunFolderError(f"{self._folder / 'repo'} is larger than {MAX_BYTES // 2**20} MiB.")
            if content is not None:
                self._write_file_of_the_repository(path, content)

    def _write_file_of_the_repository(self, path: PurePosixPath, content: bytes) -> None:
        name = f"repo/{path}"
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            self._write(name, content)
            return
        if str(path) == _TRACEABILITY[1] and is_file(self._folder, f"repo/{_TRACEABILITY[0]}"):
            traced = load(self._folder, f"repo/{_TRACEABILITY[0]}", Traceability)
            text = to_markdown(Traceability.model_validate(self._redaction.value(traced.model_dump())))
        redacted = self._redaction.json(text) if path.suffix == ".json" else self._redaction.text(text)
        if path.suffix == ".py" and _parses(text) and not _parses(redacted):
            self._left_out.append(name)  # the words were in its code, not in comments
        else:
            self._write(name, redacted)

    def write_records(self) -> None:
        """Claims and requirements with their verdicts, what was measured, and the events."""
        if is_file(self._folder, "planning/claims.json"):
            claims, name = load(self._folder, "planning/claims.json", Claims), "reproduction/claims.json"
            reproduced = load(self._folder, name, ClaimResults) if is_file(self._folder, name) else None
            self._write_json("claims.json", judged_claims(claims, reproduced).model_dump(mode="json"))
        if self._report.requirements:
            dumped = [item.model_dump(mode="json") for item in self._report.requirements]
            self._write_json("requirements.json", dumped)
        for path in walk(self._folder, "reproduction"):
            if path.suffix == ".json" and path.parts[0] in {"trials", "report.json"}:
                text = read_text(self._folder, f"reproduction/{path}") or ""
                self._write(f"results/{path}", self._redaction.json(text))
        lines = [json.dumps(self._event(event), ensure_ascii=False) for event in read_events(self._folder)]
        self._write("events.jsonl", "\n".join([*lines, ""]))

    def write_answers(self) -> None:
        """Every call of a model: what was asked, and the answer. Plain text, which no viewer renders."""
        for number, call in enumerate(calls(answer_store(self._folder)), start=1):
            name = f"{number:04d}-{slug(call.request.agent)}-{slug(call.request.subject)}"[:120]
            self._write(f"answers/{name}.txt", self._redaction.text(_call_text(call)))

    def write_page(self) -> None:
        """The report as the first page, the notebook, and the README."""
        report = self._report
        self._write("index.html", to_html(report))
        paths = tuple(name.removeprefix("repo/") for name in self.written if name.startswith("repo/"))
        if text := notebook(report.title, paths):
            self._write(NOTEBOOK, self._redaction.text(text))
        self._write("README.md", self._readme())

    def _event(self, event: Event) -> Any:
        match event:
            case RunStarted():
                event = event.model_copy(
                    update={
                        "paper": Path(event.paper).name,
                        "models": _plain_models(event.models),
                        "settings": {
                            name: value for name, value in event.settings.items() if name in _HARMLESS_SETTINGS
                        },
                        "signature": "",
                    }
                )
            case CallStarted(model=model) | CallMade(model=model) | CallReused(model=model):
                event = event.model_copy(update={"model": _plain_model(model)})
            case AnswerRejected() if self._redaction.leaves_out_the_paper:
                event = event.model_copy(update={"reason": "left out"})
        return self._redaction.value(event.model_dump(mode="json"))

    def _readme(self) -> str:
        title = one_line(self._report.title)
        front = {"title": title[:100], "colorFrom": "indigo", "colorTo": "gray", "sdk": "static", "pinned": False}
        lines = ["---", *(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items())]
        lines += ["app_file: index.html", "tags:", "- papercoder", "- reproducibility", "---", ""]
        lines += [f"# {inline(title)}", "", _ABOUT, "", "| | |", "|---|---|"]
        present = {name.partition("/")[0] for name in self.written}
        lines += [f"| `{name}` | {about} |" for name, about in _CONTENTS.items() if name in present]
        if self._redaction.leaves_out_the_paper:
            lines += ["", "The paper's words and the answers of models are left out."]
        if self._left_out:
            names = ", ".join(map(code, self._left_out))
            lines += ["", f"Left out, since their code holds words of the paper: {names}."]
        return "\n".join([*lines, ""])

    def _write_json(self, name: str, value: Any) -> None:
        self._write(name, json.dumps(self._redaction.value(value), indent=1, ensure_ascii=False) + "\n")

    def _write(self, name: str, content: str | bytes) -> None:
        write(self._output, name, content)
        self.written.append(name)


_ABOUT = (
    "A reproduction of a paper by [PaperCoder](https://arxiv.org/abs/2504.17192): the code, what was observed when it "
    "ran, and how the measurements compare with the paper's claims. The code is generated and was not written by the "
    "paper's authors. Open `index.html` first."
)
_CONTENTS = {
    "index.html": "the report: what was verified and what was not",
    "repo": "the repository",
    "claims.json": "the paper's claims with verdicts and measurements",
    "requirements.json": "the requirements with the lines that implement them and the verdicts of the review",
    "results": "the result of each trial",
    "events.jsonl": "all that happened, an event a line",
    "answers": "every prompt and every answer",
    NOTEBOOK: "a notebook that installs, runs the smoke step, lists trials and plots results",
}


def _redacted_report(report: Report, redaction: Redaction) -> Report:
    summary = report.summary
    start = {"paper": Path(summary.paper).name, "models": _plain_models(summary.models)}
    dumped = report.model_copy(update={"summary": summary.model_copy(update=start)}).model_dump()
    if redaction.leaves_out_the_paper:
        dumped["doubtful"] = [{**place, "text": "", "picture": ""} for place in dumped["doubtful"]]
    return Report.model_validate(redaction.value(dumped))


def _plain_models(models: dict[str, str]) -> dict[str, str]:
    """Models without the folders and command lines of those that have one."""
    return {role: _plain_model(spec) for role, spec in models.items()}


def _plain_model(spec: str) -> str:
    kind = spec.partition(":")[0]
    return kind if kind in LOCAL_MODELS else spec


def _call_text(call: Call) -> str:
    request = call.request
    turns = [("system", request.system), *((message.role, message.text) for message in request.messages)]
    parts = [f"# {request.about}, round {request.round}", *(f"## {role}\n\n{text}" for role, text in turns)]
    return "\n\n".join([*parts, f"## the answer\n\n{call.answer.text}"]) + "\n"


def _parses(code: str) -> bool:
    try:
        parse(code)
    except SyntaxError:
        return False
    return True
