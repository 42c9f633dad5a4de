"""Relevance: files that share words with a requirement, in their names above all, come first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import SourceFile
from papercoder.evaluation.rubric.evidence import Relevance, words

FILES = (
    SourceFile(path="src/data_loading.py", text="def load(path):\n    return read(path)\n"),
    SourceFile(path="src/model.py", text="class ActivationShift:\n    def step(self, stepSize): ...\n"),
    SourceFile(path="src/training.py", text="from src.model import ActivationShift\nlearning_rate = 0.1\n"),
    SourceFile(path="config.yaml", text="learning_rate: 0.1\n"),
    SourceFile(path="README.md", text="Learning rate, activation shift, data loading: all is here, all results.\n"),
    SourceFile(path="results.json", text='{"results": []}\n'),
)
RELEVANCE = Relevance(FILES)


def test_identifiers_are_words() -> None:
    assert words("batchSizes, batch_size; HTTPServer v2 Größe Ω") == [
        "batch", "size", "batch", "size", "http", "server", "v", "2", "gr", "öß", "e", "ω"
    ]  # fmt: skip


def test_what_shares_the_words_comes_first() -> None:
    order = RELEVANCE.order("The activation shift has a step size of one.", "Code Development")
    assert order[0] == "src/model.py"
    assert RELEVANCE.order("The data are loaded", "Code Execution")[0] == "src/data_loading.py"


def test_names_weigh_more_than_texts() -> None:
    named = SourceFile(path="prototypes.py", text="x = 1\n")
    mentioned = SourceFile(path="a.py", text="prototypes = 1\n")
    assert Relevance((mentioned, named)).order("prototypes", "Code Development")[0] == "prototypes.py"


def test_results_and_documents_come_first_for_results_and_last_for_code() -> None:
    asked = "The results of the activation shift"
    assert set(RELEVANCE.order(asked, "Result Analysis")[:2]) == {"README.md", "results.json"}
    assert set(RELEVANCE.order(asked, "Code Development")[-2:]) == {"README.md", "results.json"}


def test_a_long_file_does_not_win_by_its_length() -> None:
    short = SourceFile(path="b.py", text="temperature = 3\n")
    long = SourceFile(path="a.py", text="temperature = 3\n" + "other = 1\n" * 500)
    assert Relevance((long, short)).order("temperature", "Code Development") == ("b.py", "a.py")


def test_no_files_have_no_order() -> None:
    assert Relevance(()).order("anything", "Code Development") == ()
    assert Relevance((SourceFile(path="_.py", text=""),)).order("", "Code Development") == ("_.py",)


def test_the_order_is_the_same_every_time_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    same = tuple(SourceFile(path=f"{name}.py", text="loss = 1\n") for name in "dbca")
    orders = {Relevance(files).order("the loss", "Code Development") for files in (same, same[::-1])}
    assert orders == {("a.py", "b.py", "c.py", "d.py")}
    assert capfd.readouterr() == ("", "")


@given(st.text(), st.lists(st.text(), max_size=4))
def test_every_file_has_one_place(asked: str, texts: list[str]) -> None:
    files = tuple(SourceFile(path=f"{number}.py", text=text) for number, text in enumerate(texts))
    assert sorted(Relevance(files).order(asked, "Code Development")) == sorted(file.path for file in files)
