"""A Python file is found in its answer; an answer that is not one whole file is rejected."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papercoder.agents.answers import InvalidAnswerError
from papercoder.agents.files import FileBlocks, Python, left_out
from papercoder.artifacts import SourceFile

PYTHON = Python()
CODE = "def f(x):\n    return x\n"


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        f"```python\n{CODE}```",
        f"```py\n{CODE}```",
        f"```Python\n{CODE}```\n",
        f"~~~python\n{CODE}~~~",
        f"````python\n{CODE}````",
        f"Here is the file:\n\n```python\n{CODE}```\n\nIt returns `x`.",
        f"```python\n{CODE}",
        f"```python\n\n\n{CODE}\n\n```",
        f"```python\r\n{CODE}```".replace("\n", "\r\n").replace("\r\r", "\r"),
        f"First, install it:\n```bash\npip install x y\n```\nThen:\n```python\n{CODE}```",
        f'```python title="model.py"\n{CODE}```',
        "1. The file:\n   ```python\n   def f(x):\n       return x\n   ```\n",
        "```python\ndef f(x):\n\u00a0\u00a0\u00a0 return x\n```",
        f"```python\n{CODE}```\nand use it so:\n```python\nf(1)\n```",
    ],
)
def test_code_is_found_in_what_surrounds_it(text: str) -> None:
    assert PYTHON.read(text) == CODE


def test_fences_within_a_docstring_belong_to_the_code() -> None:
    code = 'def f():\n    """Use it:\n\n    ```python\n    f()\n    ```\n    """\n    return 1\n'
    assert PYTHON.read(f"```python\n{code}```") == code
    assert PYTHON.read(f"```python\n{code}```\nDone.\n```\n") == code


def test_fences_in_the_first_column_of_a_string_belong_to_the_code() -> None:
    code = 'TEXT = """\n```\nsome\n```\n"""\n'
    assert PYTHON.read(f"```python\n{code}```") == code


@pytest.mark.parametrize("sign", ["\u2028", "\x0c", "\x1c", "\x85"])
def test_odd_line_ends_within_a_string_are_kept(sign: str) -> None:
    code = f'SIGN = "a{sign}b"\n'
    assert PYTHON.read(f"```python\n{code}```") == code


def test_a_warning_of_the_parser_is_ignored() -> None:
    assert PYTHON.read('```python\nimport re\nre.match("\\d", "1")\n```')


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The answer holds no code"),
        ("```python\n```", "The answer holds no code"),
        ("```python\ndef f(:\n    pass\n```", "syntax error at line 1"),
        ("```python\nx = 1\ny = = 2\n```", "syntax error at line 2"),
        ("I am sorry, I cannot write that.", "syntax error"),
        ("```python\nx = '\x00'\n```", "null bytes"),
    ],
)
def test_invalid_code_is_rejected_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidAnswerError, match=reason):
        PYTHON.read(text)


@given(st.text() | st.text(st.sampled_from(list("`~\npython x=()[]{}'\"\\#:\t\x00\x0c")), max_size=60))
@example("```python\n" + "(" * 10_000 + ")" * 10_000 + "\n```")
@example("```python\n" + "-" * 100_000 + "1\n```")
@example("```python\nx = 1\n" + "1" * 5000 + "\n```")
@example("```python\n\ud800\n```")
def test_nothing_but_invalid_answer_errors_is_raised(text: str) -> None:
    try:
        compiled = PYTHON.read(text)
    except InvalidAnswerError:
        return
    assert compiled.endswith("\n")


@pytest.mark.parametrize(
    "text",
    [
        "Done",
        "OK",
        "None",
        "Status: complete",
        "...",
        "# Done",
        "```\nDone\n```",
        "```python\nDone\n```",
        "```python\n...\n```",
    ],
)
def test_a_remark_that_happens_to_be_python_is_no_file(text: str) -> None:
    with pytest.raises(InvalidAnswerError, match="holds no code"):
        PYTHON.read(text)


@pytest.mark.parametrize(
    "code",
    ['"""Package."""\n', "# This package is empty.\n", 'print("hello")\n', "RATE = 0.1\n", "RATE: float\nRATE = 0.1\n"],
)
def test_a_small_file_is_a_file(code: str) -> None:
    assert PYTHON.read(f"```python\n{code}```") == code


@pytest.mark.parametrize("label", ["diff", "patch", "bash", "yaml"])
def test_a_block_of_another_language_is_rejected(label: str) -> None:
    with pytest.raises(InvalidAnswerError, match=f"marked `{label}`"):
        PYTHON.read(f"```{label}\n-x\n+y\n```")


def test_a_block_of_another_language_beside_the_file_is_ignored() -> None:
    assert PYTHON.read(f"```diff\n-x = 1\n+x = 2\n```\nThe file:\n```python\n{CODE}```\n```yaml\na: 1\n```") == CODE


@pytest.mark.parametrize(
    "text",
    [
        f"```python\n{CODE}```\n```python\nclass Other:\n    pass\n```",
        f"model.py\n```python\n{CODE}```\n**train.py**\n```python\nimport model\nmodel.f(1)\n```",
        f"```python:model.py\n{CODE}```\n```python:train.py\nimport model\n```",
        f"model.py\n````\n{CODE}````\n\ntrain.py\n````\nimport model\n````",
        f"```python\n# model.py\n{CODE}\n# train.py\nimport model\n```",
        f"```python\n# === src/model.py ===\n{CODE}\n# ============\n# File: src/train.py\nimport model\n```",
    ],
)
def test_several_files_are_rejected(text: str) -> None:
    with pytest.raises(InvalidAnswerError, match="several files"):
        PYTHON.read(text)


def test_a_path_above_the_file_and_a_usage_example_below_are_no_second_file() -> None:
    example_of_use = "```python\nfrom model import f\nprint(f(1))\n```"
    assert PYTHON.read(f"File: `model.py`\n```python\n{CODE}```\nUse it:\n{example_of_use}") == CODE
    mentioned = f"# model.py\n{CODE}# The loss is in\n# losses.py\nx = 1\n"
    assert PYTHON.read(f"```python\n{mentioned}```") == mentioned


def test_a_usage_example_never_stands_in_for_a_broken_file() -> None:
    with pytest.raises(InvalidAnswerError, match="syntax error at line 1"):
        PYTHON.read("```python\ndef f(:\n```\nUse it:\n```python\nf(1)\n```")


def test_a_file_without_a_fence_may_have_fences_in_its_strings() -> None:
    code = 'TEXT = """\n```python\nx = 1\n```\n"""\n'
    assert PYTHON.read(code) == code


@pytest.mark.parametrize(
    "comment",
    [
        "...  # rest of the code unchanged",
        "# ... rest of the code unchanged ...",
        "# (rest of the file unchanged)",
        "# The rest of the class stays the same",
        "# [rest of the code remains unchanged]",
        "# Rest of the implementation",
        "# keep the rest of the code as is",
        "# ... (same as before)",
        "# … existing code …",
        "# existing imports ...",
        "# [previous code here]",
        "# All other functions are unchanged",
        "# Code above remains the same",
        "# implementation omitted for brevity",
    ],
)
def test_a_comment_in_place_of_code_is_rejected(comment: str) -> None:
    with pytest.raises(InvalidAnswerError, match="Line 3 leaves out code"):
        PYTHON.read(f"```python\n{CODE}{comment}\n```")


@pytest.mark.parametrize(
    "comment",
    [
        "# The rest of the batch is masked",
        "# the rest of the code assumes float32",
        "# the remaining weights stay unchanged",
        "# ... and then the loss",
        "# other methods are compared in Table 2",
        "# see the other file below",
        "# the original code of the authors uses 0.1",
        "# the previous function is identical up to scaling",
        'TEXT = "# ... rest of the code unchanged"',
    ],
)
def test_a_comment_about_code_stays(comment: str) -> None:
    assert left_out(f"{CODE}{comment}\n") is None


def test_other_files_than_python_leave_out_parts_too() -> None:
    assert left_out("a:\n   - 'b\n# ... rest of the file unchanged\n") == (
        "Line 3 leaves out code: `... rest of the file unchanged`. Write the whole file."
    )


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
