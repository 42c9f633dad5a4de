"""Many files in one answer: read off however they are set off, refused where a path or a file is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.agents.answers import InvalidAnswerError
from papercoder.agents.file_blocks import FileBlocks
from papercoder.artifacts import SourceFile

FENCED = "Read it:\n\n```\nmain.py\n```\n\nThat is all.\n"


def block(path: str, text: str = "x = 1\n", fence: str = "````") -> str:
    return f"{path}\n{fence}python\n{text}{fence}\n"


def read(text: str) -> dict[str, str]:
    return {file.path: file.text for file in FileBlocks().read(text)}


@pytest.mark.parametrize(
    "answer",
    [
        block("main.py") + block("data/list.yaml", "a: 1\n"),
        "Here it is.\n\n" + block("`main.py`:") + "\n\n" + block("### data/list.yaml", "a: 1\n") + "\nThat is all.\n",
        block("**main.py**\n", fence="```") + block("./data\\list.yaml", "a: 1\n", fence="~~~"),
        (block("main.py") + block("data/list.yaml", "a: 1\n")).replace("\n", "\r\n"),
    ],
)
def test_files_are_read_however_they_are_set_off(answer: str) -> None:
    assert read(answer) == {"main.py": "x = 1\n", "data/list.yaml": "a: 1\n"}


def test_fences_within_a_file_are_its_own() -> None:
    code = f'TEXT = """\n{FENCED}"""\n'
    answer = block("main.py", code) + block("notes.md", FENCED)
    assert read(answer) == {"main.py": code, "notes.md": FENCED}
    short = block("main.py", '"""\n```\na\n```\nb\n"""\n', fence="```") + block("notes.md", fence="```")
    assert list(read(short)) == ["main.py", "notes.md"]


def test_an_empty_file_is_a_file() -> None:
    assert read(block("src/__init__.py", "")) == {"src/__init__.py": ""}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../x.py", "`../x.py` leads out of the repository"),
        ("..\\x.py", "`../x.py` leads out of the repository"),
        ("src/../../x.py", "leads out of the repository"),
        ("/etc/x.py", "`/etc/x.py` leads out of the repository"),
        ("C:\\x.py", "leads out of the repository"),
        ("~/x.py", "has characters other than"),
        (".git/config", "`.git` is a reserved name"),
        (".git/hooks/pre-commit", "`.git` is a reserved name"),
        ("aux.py", "is a reserved name"),
        ("reproduce.sh", "is written by PaperCoder itself"),
        ("README.md", "is written by PaperCoder itself"),
        ("config.yaml", "is written by PaperCoder itself"),
        ("json.py", "would hide the standard library's `json`"),
        ("my-model.py", "`my-model` is not a Python identifier"),
        ("Makefile", "has no path on the line above it"),
        ("tools/Makefile", "`tools/Makefile` has no file extension such as `.py`"),
    ],
)
def test_a_path_that_may_not_be_written_is_sent_back(path: str, reason: str) -> None:
    with pytest.raises(InvalidAnswerError) as refused:
        read(block("main.py") + block(path))
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "The answer has no file."),
        ("I cannot.", "The answer has no file."),
        ("```python\nx = 1\n```", "The fence in line 1 of the answer has no path on the line above it"),
        (f"This is it, all of it:\n{block('')}", "has no path on the line above it"),
        (block("main.py") + block("main.py"), "`main.py` occurs 2 times."),
        (block("main.py") + block("Main.py"), "the same file on a case-insensitive"),
        (block("main.py") + block("model.py") + block("model/net.py"), "are the same module"),
        (block("main.py", "def f(:\n"), "`main.py` has a syntax error at line 1: "),
        (block("main.py") + "model.py\n````python\ndef f():\n    return", "The block of `model.py` is incomplete"),
        (block("main.py") + "model.py\n````python", "The block of `model.py` is incomplete"),
    ],
)
def test_an_answer_that_is_none_is_sent_back(answer: str, reason: str) -> None:
    with pytest.raises(InvalidAnswerError) as refused:
        read(answer)
    assert reason in str(refused.value)


FILES = st.dictionaries(
    st.from_regex(r"[a-z]{4,8}_/list_[a-z]{3,8}\.(md|yaml|csv)", fullmatch=True),
    st.lists(st.text("ab `~#.", max_size=6), max_size=6),
    min_size=1,
    max_size=4,
)


@given(FILES)
def test_what_is_written_as_asked_is_read_as_it_was(files: dict[str, list[str]]) -> None:
    texts = {path: "\n".join(lines).strip("\n") for path, lines in files.items()}
    wanted = {path: f"{text}\n" if text else "" for path, text in texts.items() if "````" not in text}
    answer = "".join(f"{path}\n````\n{text}````\n" for path, text in wanted.items())
    assert not wanted or read(answer) == wanted


@given(st.text("a./`~\n ", max_size=60))
def test_any_text_is_read_or_sent_back(text: str) -> None:
    try:
        files = FileBlocks().read(text)
    except InvalidAnswerError:
        return
    assert all(isinstance(file, SourceFile) and ".." not in file.path.split("/") for file in files)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a.py\n````diff\n-x\n+y\n````", "The block of `a.py` is marked `diff`"),
        ("a.py\n````\nx = 1\n# ... rest of the code unchanged\n````", "`a.py`: Line 2 leaves out code"),
        ("a.yaml\n````\nx: 1\n# ... existing content ...\n````", "`a.yaml`: Line 2 leaves out code"),
    ],
)
def test_parts_of_a_file_are_rejected(text: str, reason: str) -> None:
    with pytest.raises(InvalidAnswerError, match=reason):
        FileBlocks().read(text)
