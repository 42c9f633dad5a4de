"""An export holds what others need to audit a run, and nothing that must stay on this machine."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from nbclient import NotebookClient

from papercoder.artifacts import Paper, Paragraph, Requirements, Section, SourceFile, Trial, TrialResult
from papercoder.claims.verdicts import compare
from papercoder.errors import RunFolderError, SettingsError
from papercoder.models.contract import Answer, Message, Request
from papercoder.models.stack import Call
from papercoder.operations.export import export
from papercoder.repository.traceability import to_markdown, trace
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import AnswerRejected, RunEnded, RunStarted, Warned
from papercoder.runs.folder import answer_store
from tests.reproduction.runs import ARCHITECTURE, MODEL, claims, write_run
from tests.support import requirement

KEY = "a-value-that-only-the-environment-has"
PROVIDER_KEY = "sk-" + "x1y2" * 8
WORDS = "the annealed prototypes of every class meet where the graph is coolest and nowhere else at all"
ABSTRACT = "Annealed twice, quenched once"
QUOTE = "every class meets at its prototype"
PLANTED = {
    KEY,
    "hf_abcdefghijklmnopqrstuvwx",
    PROVIDER_KEY,
    "hunter2",
    "jane-doe",
    "lab-box-7",
    "/home/somebody",
}
OF_THE_PAPER = {WORDS, QUOTE, ABSTRACT}


def measure(folder: Path) -> None:
    """A result in a run folder, as a reproduction leaves it."""
    trial = Trial(id="t", experiment="main", method="ours", dataset="digits", seed=0)
    result = TrialResult(trial=trial, status="done", measured={"accuracy": 95.0})
    (folder / "reproduction" / "trials").mkdir(parents=True)
    (folder / "reproduction" / "trials" / "t.json").write_text(result.model_dump_json(), encoding="utf-8")
    compared = compare(claims(), (result,)).model_dump_json()
    (folder / "reproduction" / "claims.json").write_text(compared, encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with a secret or a name of this machine, and words of the paper, wherever they can be."""
    monkeypatch.setattr("getpass.getuser", lambda: "jane-doe")
    monkeypatch.setattr("socket.gethostname", lambda: "lab-box-7.cluster")
    monkeypatch.setenv("ACME_API_KEY", KEY)
    monkeypatch.setenv("HOME", str(tmp_path / "jane-doe"))
    folder = tmp_path / "jane-doe" / "runs" / "tiny"
    needed = Requirements(items=(requirement("R1", statement="Prototypes meet.", anchor="1¶1", quote=QUOTE),))
    model = f"# R1: {WORDS}\n{MODEL}\n# cache: {tmp_path / 'jane-doe' / 'data'} or /home/somebody/data\n"
    traced = trace(needed, ARCHITECTURE, (SourceFile(path="tiny/model.py", text=model),))
    write_run(
        folder,
        {
            "tiny/model.py": model,
            "TRACEABILITY.json": traced.model_dump_json(),
            "TRACEABILITY.md": to_markdown(traced),
            "README.md": f"By jane-doe on lab-box-7 with hf_abcdefghijklmnopqrstuvwx.\n\n“{QUOTE}”\n",
            "notes.json": json.dumps({"url": "https://me:hunter2@db.example", "quote": ABSTRACT}),
        },
    )
    sections = (Section(anchor="1", level=1, title="Method", blocks=(Paragraph(anchor="1¶1", text=f"So {WORDS}."),)),)
    paper = Paper(title="Tiny", abstract=f"{ABSTRACT}.", sections=sections, source="markdown")
    (folder / "paper.json").write_text(paper.model_dump_json(), encoding="utf-8")
    (folder / "paper.md").write_text(paper.render(), encoding="utf-8")
    (folder / "planning" / "requirements.json").write_text(needed.model_dump_json(), encoding="utf-8")
    request = Request(
        agent="coding", subject="tiny/model.py", system=KEY, messages=(Message(role="user", text=WORDS),), max_tokens=9
    )
    call = Call(model="simulated:", request=request, answer=Answer(text="The answer of the model."))
    answer_store(folder).put("call-1", call.model_dump_json())
    log = EventLog(folder)
    log(
        RunStarted(
            paper=str(tmp_path / "jane-doe" / "paper.pdf"),
            models={"coding": f"recorded:{tmp_path}/jane-doe/answers"},
            profile="full",
            settings={"base_url": "http://lab-box-7:8000/v1", "sandbox": "auto"},
        )
    )
    log(Warned(where="reading", message=f"key {PROVIDER_KEY} of {folder}"))
    log(AnswerRejected(agent="coding", subject="", reason="The answer of the model. It is wrong."))
    log(RunEnded(status="complete"))
    measure(folder)
    (folder / "repo" / "stolen.txt").symlink_to("/etc/passwd")
    return folder


def texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def found(planted: set[str], files: dict[str, str]) -> set[tuple[str, str]]:
    return {(name, text) for name, content in files.items() for text in planted if text in f"{name}\n{content}"}


def test_nothing_secret_leaves(run: Path, tmp_path: Path) -> None:
    written = export(run, tmp_path / "out", answers=True)
    files = texts(tmp_path / "out")
    assert set(files) == set(written)
    assert found(PLANTED | {str(tmp_path)}, files) == set()
    assert "stolen.txt" not in files
    assert QUOTE in files["repo/README.md"]
    assert WORDS in files["answers/0001-coding-tiny+model.py.txt"]
    assert json.loads(files["events.jsonl"].splitlines()[2])["models"] == {"coding": "recorded"}


def test_redacted_the_papers_words_and_the_answers_are_left_out(run: Path, tmp_path: Path) -> None:
    export(run, tmp_path / "out", redact=True)
    files = texts(tmp_path / "out")
    assert found(PLANTED | OF_THE_PAPER | {"The answer of the model", str(tmp_path)}, files) == set()
    assert not any(name.startswith("answers/") for name in files)
    assert "# R1: [words of the paper left out]\ndef accuracy" in files["repo/tiny/model.py"]
    assert "Prototypes meet." in files["repo/TRACEABILITY.md"]
    assert {item["claim"]["id"]: item["verdict"] for item in json.loads(files["claims.json"])["items"]}["C1"] == "met"


def test_it_works_from_a_disk_and_as_a_space(run: Path, tmp_path: Path) -> None:
    export(run, tmp_path / "out")
    files = texts(tmp_path / "out")
    front = yaml.safe_load(files["README.md"].split("---\n")[1])
    assert (front["title"], front["sdk"], front["app_file"]) == ("Tiny", "static", "index.html")
    for folder in ("repo", "results", "claims.json", "events.jsonl", "reproduce.ipynb"):
        assert f"| `{folder}` |" in files["README.md"]
    links = set(re.findall(r'(?:href|src)="([^"#:]+)', files["index.html"]))
    assert "repo/tiny/model.py" in links
    assert {link for link in links if link not in files} == set()


def test_nothing_is_overwritten(run: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    export(run, tmp_path / "out")
    with pytest.raises(RunFolderError, match="is not empty"):
        export(run, tmp_path / "out")
    with pytest.raises(SettingsError, match="without --answers"):
        export(run, tmp_path / "other", redact=True, answers=True)
    assert not (tmp_path / "other").exists()


def test_the_notebook_runs(tmp_path: Path) -> None:
    smoke = "seeds: 1\nsteps: 1\npause: 0.0\nfailing: null\ndiverging: null\n"
    folder = write_run(tmp_path / "run", {"config.smoke.yaml": smoke})
    measure(folder)
    export(folder, tmp_path / "out")
    notebook: Any = nbformat.reads(texts(tmp_path / "out")["reproduce.ipynb"], as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    client = NotebookClient(notebook, timeout=200, resources={"metadata": {"path": str(tmp_path / "out")}})
    asyncio.run(client.async_execute())
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    printed = "".join(output.get("text", "") for output in outputs)
    assert "The packages are installed." in printed
    assert "main-ours-digits" in printed
    assert "4 trials\n" in printed
    assert ["image/png" in output.data for output in outputs if "data" in output] == [True]
