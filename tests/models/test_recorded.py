import asyncio
import datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papercoder.errors import ModelError, SettingsError
from papercoder.models.recorded import Recorded, Recording, answer_name, slug, write_recording
from papercoder.models.retries import ContinuingModel
from tests.models.fakes import IMAGE, PNG, Collecting, Scripted, ask, cut, said

RECORDING = Recording(model="some:model", made=datetime.date(2025, 1, 2), how="By hand.")


def test_what_was_answered_is_answered_again(tmp_path: Path) -> None:
    requests = [ask(subject="src/Model.py"), ask(subject="src/model.py"), ask(subject="src/model.py", round=1)]
    collecting = Collecting(Scripted(said("ä\r\n"), said("two"), said("three\n")))

    async def record() -> None:
        for request in requests:
            await collecting.answer(request)

    asyncio.run(record())
    write_recording(tmp_path, collecting.answers, RECORDING)
    recorded = Recorded(tmp_path)
    assert recorded.recording.model_copy(update={"questions": {}}) == RECORDING
    assert [asyncio.run(recorded.answer(request)).text for request in requests] == ["ä\r\n", "two", "three\n"]
    assert asyncio.run(recorded.answer(requests[0])).usage.cost_usd == 0.0


def test_a_journal_with_continuations_becomes_whole_answers(tmp_path: Path) -> None:
    model = Scripted(cut("def run():\n    ret"), cut("urn 1"), said(" + 1\n"))
    collecting = Collecting(model)
    whole = asyncio.run(ContinuingModel(collecting).answer(ask()))
    assert len(collecting.answers) == 3
    write_recording(tmp_path, collecting.answers, RECORDING)
    assert asyncio.run(Recorded(tmp_path).answer(ask())).text == whole.text == "def run():\n    return 1 + 1\n"


def test_a_missing_answer_is_named_with_what_there_is(tmp_path: Path) -> None:
    write_recording(tmp_path, [(ask(subject="a.py"), said("x"))], RECORDING)
    with pytest.raises(ModelError, match=r"coding about 'b\.py', round 0: .*is missing .*coding has a\.py\.md"):
        asyncio.run(Recorded(tmp_path).answer(ask(subject="b.py")))
    with pytest.raises(ModelError, match="logic has none"):
        asyncio.run(Recorded(tmp_path).answer(ask(agent="logic", subject="")))


def test_a_folder_without_a_manifest_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no readable recording\.json"):
        Recorded(tmp_path)


SUBJECTS = st.text(alphabet="aAbB_./~+-% é:1", max_size=8) | st.text(max_size=8)


@given(SUBJECTS, st.integers(0, 3), SUBJECTS, st.integers(0, 3))
@example("a.round1", 0, "a", 1)
@example("", 0, "_", 0)
@example("Model.py", 0, "model.py", 0)
@example("a/b.py", 0, "a+b.py", 0)
def test_no_two_answers_share_a_file_even_where_case_does_not_count(a: str, i: int, b: str, j: int) -> None:
    if (a, i) != (b, j):
        assert answer_name(a, i).casefold() != answer_name(b, j).casefold()


@given(SUBJECTS)
def test_a_slug_is_one_plain_name(subject: str) -> None:
    name = slug(subject)
    assert name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-+~")


@pytest.mark.parametrize(
    ("subject", "name"),
    [("l0_m0.py", "l0_m0.py.md"), ("src/model.py", "src+model.py.md"), ("3.2", "3.2.md"), ("", "_.md")],
)
def test_usual_names_stay_readable(subject: str, name: str) -> None:
    assert answer_name(subject, 0) == name


def test_a_question_about_a_picture_is_replayed_without_it(tmp_path: Path) -> None:
    shown = ask(agent="figure", subject="fig:1", images=(IMAGE,))
    write_recording(tmp_path, [(shown, said("Two axes."))], RECORDING)
    rendered_otherwise = shown.model_copy(update={"images": (IMAGE.model_copy(update={"digest": "00"}),)})
    assert [asyncio.run(Recorded(tmp_path).answer(each)).text for each in (shown, rendered_otherwise)] == [
        "Two axes.",
        "Two axes.",
    ]
    assert not any(PNG in path.read_bytes() for path in tmp_path.rglob("*.*"))
