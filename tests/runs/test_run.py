"""`step` makes an artifact once; edits are the user's."""

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder.artifacts import Artifact, Claims
from papercoder.errors import ArtifactError, RunFolderError
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import (
    ArtifactEdited,
    ArtifactMade,
    ArtifactReused,
    ArtifactStarted,
    CallMade,
    Event,
)
from papercoder.runs.folder import step_store
from papercoder.runs.run import Run
from tests.failing import failing_open
from tests.support import of_kind


class Number(Artifact):
    """A number."""

    value: int


class StepContext:
    """What `make` is handed here: counts what is made, and bears a version."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.made: list[object] = []

    def fingerprint(self, make: Callable[..., object]) -> object:
        return self.version


async def double(context: StepContext, number: int) -> Number:
    """Twice the number."""
    context.made.append(number)
    return Number(value=2 * number)


async def say(context: StepContext, number: Number) -> str:
    """The number in words."""
    context.made.append(number)
    return f"It is {number.value}.\n"


class Line:
    """A run of two steps, of which the second reads the first."""

    def __init__(self, folder: Path, version: str = "1") -> None:
        self.folder, self.context, self.events = folder, StepContext(version), list[Event]()
        self.run = Run(folder, self.context, self.events.append, step_store(folder))

    def __call__(self, number: int = 2) -> str:
        async def both() -> str:
            doubled = await self.run.step("number.json", double, number)
            return await self.run.step("said.md", say, doubled)

        return asyncio.run(both())

    def edits(self) -> list[ArtifactEdited]:
        return of_kind(self.events, ArtifactEdited)


def test_a_step_makes_its_artifact_and_tells(tmp_path: Path) -> None:
    line = Line(tmp_path)
    assert line() == "It is 4.\n"
    assert (tmp_path / "number.json").read_text() == '{\n "value": 4\n}\n'
    assert (tmp_path / "said.md").read_text() == "It is 4.\n"
    assert [type(event) for event in line.events] == [ArtifactStarted, ArtifactMade] * 2


def test_a_step_is_not_made_again_from_the_same_inputs(tmp_path: Path) -> None:
    Line(tmp_path)()
    again = Line(tmp_path)
    assert again() == "It is 4.\n"
    assert again.context.made == []
    assert [event.artifact for event in of_kind(again.events, ArtifactReused)] == ["number.json", "said.md"]


def test_other_inputs_or_prompts_make_it_again(tmp_path: Path) -> None:
    Line(tmp_path)()
    other_input = Line(tmp_path)
    assert other_input(3) == "It is 6.\n"
    assert len(other_input.context.made) == 2
    other_prompts = Line(tmp_path, version="2")
    other_prompts(3)
    assert len(other_prompts.context.made) == 2


async def double_all(context: StepContext, numbers: tuple[int, ...]) -> tuple[Number, ...]:
    """Twice each number."""
    context.made.append(numbers)
    return tuple(Number(value=2 * number) for number in numbers)


def test_artifacts_made_together_are_stored_for_their_own_inputs(tmp_path: Path) -> None:
    line = Line(tmp_path)

    def made(**numbers: int) -> list[int]:
        artifacts = {f"{name}.json": number for name, number in numbers.items()}
        return [each.value for each in asyncio.run(line.run.step_together(artifacts, double_all))]

    assert made(a=1, b=2) == [2, 4]
    assert made(a=1, b=3, c=5) == [2, 6, 10]
    assert made(c=5, b=2) == [10, 4]
    assert line.context.made == [(1, 2), (3, 5)]
    assert [event.artifact for event in of_kind(line.events, ArtifactMade)] == ["a.json", "b.json", "b.json", "c.json"]
    (tmp_path / "a.json").write_text('{"value": 7}', encoding="utf-8")
    assert made(a=1, b=9) == [7, 18]


def test_a_replacement_is_the_stored_result_from_then_on(tmp_path: Path) -> None:
    Line(tmp_path)()
    changed = Line(tmp_path)
    changed.run.replacements = {"said.md": "It is about 4.\n"}
    assert changed() == "It is about 4.\n"
    again = Line(tmp_path)
    assert again() == "It is about 4.\n"
    assert again.context.made == []
    assert again(3) == "It is 6.\n"


def test_an_adopted_text_is_used_when_inputs_change(tmp_path: Path) -> None:
    Line(tmp_path)()
    changed = Line(tmp_path)
    asyncio.run(changed.run.adopt("said.md", "It is about 4.\n"))
    assert changed(3) == "It is about 4.\n"
    assert (tmp_path / "said.md").read_text() == "It is about 4.\n"
    assert changed.edits() == []
    assert not changed.run.is_edited("said.md")


def test_an_edit_of_an_adopted_text_is_the_users(tmp_path: Path) -> None:
    Line(tmp_path)()
    asyncio.run(Line(tmp_path).run.adopt("said.md"))
    (tmp_path / "said.md").write_text("It is mine.\n")
    again = Line(tmp_path)
    assert again(3) == "It is mine.\n"
    assert [event.artifact for event in again.edits()] == ["said.md"]
    asyncio.run(again.run.adopt("said.md", "It is about 4.\n"))
    assert (tmp_path / "said.md").read_text() == "It is mine.\n"


def test_what_gives_the_same_result_stops_the_remaking(tmp_path: Path) -> None:
    async def half_up(context: StepContext, number: int) -> Number:
        context.made.append(number)
        return Number(value=number // 2)

    async def both(run: Run[StepContext], number: int) -> str:
        return await run.step("said.md", say, await run.step("number.json", half_up, number))

    first, second = Line(tmp_path), Line(tmp_path)
    asyncio.run(both(first.run, 4))
    asyncio.run(both(second.run, 5))
    assert second.context.made == [5]


def test_an_edit_is_used_as_it_is_and_its_readers_are_made_again(tmp_path: Path) -> None:
    Line(tmp_path)()
    (tmp_path / "number.json").write_text('{"value": 7}')
    line = Line(tmp_path)
    assert line() == "It is 7.\n"
    assert line.context.made == [Number(value=7)]
    assert [(event.artifact, event.stale) for event in line.edits()] == [("number.json", False)]
    assert (tmp_path / "number.json").read_text() == '{"value": 7}'


def test_an_edit_of_text_keeps_every_byte(tmp_path: Path) -> None:
    Line(tmp_path)()
    (tmp_path / "said.md").write_bytes("mine\r\nß".encode())
    assert Line(tmp_path)() == "mine\r\nß"


def test_undoing_an_edit_makes_nothing_again(tmp_path: Path) -> None:
    Line(tmp_path)()
    before = (tmp_path / "number.json").read_text()
    (tmp_path / "number.json").write_text('{"value": 7}')
    Line(tmp_path)()
    (tmp_path / "number.json").write_text(before)
    line = Line(tmp_path)
    assert line() == "It is 4.\n"
    assert line.context.made == []
    assert not line.edits()


def test_an_edit_whose_inputs_changed_since_is_stale(tmp_path: Path) -> None:
    Line(tmp_path)()
    (tmp_path / "number.json").write_text('{"value": 7}')
    line = Line(tmp_path)
    assert line(3) == "It is 7.\n"
    assert [event.stale for event in line.edits()] == [True]


def test_a_deleted_artifact_is_restored_without_being_made(tmp_path: Path) -> None:
    Line(tmp_path)()
    (tmp_path / "said.md").unlink()
    line = Line(tmp_path)
    line()
    assert (tmp_path / "said.md").read_text() == "It is 4.\n"
    assert line.context.made == []


def test_returning_to_earlier_inputs_makes_nothing_again(tmp_path: Path) -> None:
    Line(tmp_path)(2)
    Line(tmp_path)(3)
    line = Line(tmp_path)
    assert line(2) == "It is 4.\n"
    assert line.context.made == []
    assert not line.edits()
    assert (tmp_path / "said.md").read_text() == "It is 4.\n"


@pytest.mark.parametrize(
    ("edited", "reason"),
    [
        ('{"value": "many"}', "value: Input should be a valid integer"),
        ('{"valu": 1}', "value: Field required"),
        ("{", "the file: Invalid JSON"),
    ],
)
def test_an_edit_that_does_not_fit_says_where(tmp_path: Path, edited: str, reason: str) -> None:
    Line(tmp_path)()
    (tmp_path / "number.json").write_text(edited)
    with pytest.raises(ArtifactError, match=rf"number\.json was edited and is not valid: {reason}") as caught:
        Line(tmp_path)()
    assert "delete it to have it made again" in str(caught.value)


def test_a_binary_edit_is_an_error(tmp_path: Path) -> None:
    Line(tmp_path)()
    (tmp_path / "number.json").write_bytes(b"\xff\xfe")
    with pytest.raises(RunFolderError, match=r"number\.json cannot be read as text"):
        Line(tmp_path)()


def test_a_folder_in_place_of_an_artifact_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "number.json").mkdir()
    with pytest.raises(RunFolderError, match=r"number\.json was not opened"):
        Line(tmp_path)()


def test_a_function_that_fails_leaves_nothing(tmp_path: Path) -> None:
    async def fails(context: StepContext) -> str:
        raise LookupError("no")

    line = Line(tmp_path)
    with pytest.raises(LookupError):
        asyncio.run(line.run.step("text.md", fails))
    assert not (tmp_path / "text.md").exists()
    assert not of_kind(line.events, ArtifactMade)


def test_calls_are_counted_where_they_were_made(tmp_path: Path) -> None:
    def call(agent: str) -> CallMade:
        return CallMade(
            agent=agent, subject="", model="m", prompt=1, cached=0, completion=1, cost_usd=None, seconds=0.0
        )

    async def calls(context: StepContext, count: int) -> str:
        for _ in range(count):
            log(call("a"))
            await asyncio.sleep(0)
        return ""

    log = EventLog(tmp_path)
    run = Run(tmp_path, StepContext(), log, step_store(tmp_path))

    async def at_once() -> None:
        await asyncio.gather(run.step("one.md", calls, 1), run.step("three.md", calls, 3))

    asyncio.run(at_once())
    made = {event.artifact: event.calls for event in of_kind(read_events(tmp_path), ArtifactMade)}
    assert made == {"one.md": 1, "three.md": 3}


def test_kept_text_is_written_and_an_edit_of_it_kept(tmp_path: Path) -> None:
    run = Line(tmp_path).run
    assert asyncio.run(run.write_text("a.txt", "one")) == "one"
    assert asyncio.run(run.write_text("a.txt", "two")) == "two"
    (tmp_path / "a.txt").write_text("mine")
    assert asyncio.run(run.write_text("a.txt", "two")) == "mine"
    (tmp_path / "a.txt").unlink()
    assert asyncio.run(run.write_text("a.txt", "two")) == "two"


def test_what_was_found_in_the_same_inputs_is_found_once(tmp_path: Path) -> None:
    found: list[int] = []

    def halve(number: int) -> Number:
        found.append(number)
        return Number(value=number // 2)

    async def twice(run: Run[StepContext]) -> tuple[Number, Number]:
        return await run.cached(halve, 4), await run.cached(halve, 4)

    assert asyncio.run(twice(Line(tmp_path).run)) == (Number(value=2), Number(value=2))
    assert asyncio.run(Line(tmp_path).run.cached(halve, 8)) == Number(value=4)
    assert asyncio.run(Line(tmp_path).run.cached(halve, 4)) == Number(value=2)
    assert found == [4, 8]


def test_pruning_deletes_what_is_ours_alone(tmp_path: Path) -> None:
    run = Line(tmp_path).run
    for name in ("kept.py", "old.py", "edited.py"):
        asyncio.run(run.write_text(f"repo/{name}", name))
    (tmp_path / "repo" / "edited.py").write_text("mine")
    (tmp_path / "repo" / "notes.py").write_text("mine too")
    assert asyncio.run(run.prune("repo", {"kept.py"})) == ("old.py",)
    assert sorted(path.name for path in (tmp_path / "repo").iterdir()) == ["edited.py", "kept.py", "notes.py"]


def test_pruning_passes_by_files_that_are_no_text(tmp_path: Path) -> None:
    run = Line(tmp_path).run
    asyncio.run(run.write_text("repo/old.py", "old"))
    for name in ("plot.png", "old.py"):
        (tmp_path / "repo" / name).write_bytes(b"\x89PNG\xff")
    assert asyncio.run(run.prune("repo", set())) == ()


def test_a_step_on_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(tmp_path)
    monkeypatch.setattr("os.open", failing_open(".part", errno.ENOSPC))
    with pytest.raises(RunFolderError, match="The disk is full"):
        line()
    monkeypatch.undo()
    assert Line(tmp_path)() == "It is 4.\n"


def test_paid_work_is_stored_before_its_event(tmp_path: Path) -> None:
    stored = list[bool]()

    def emit(event: Event) -> None:
        if isinstance(event, ArtifactMade):
            stored.append(any(step_store(tmp_path).folder.glob("step-*")))

    asyncio.run(Run(tmp_path, StepContext(), emit, step_store(tmp_path)).step("number.json", double, 2))
    assert stored == [True]


def test_damaged_entries_of_the_store_are_reported(tmp_path: Path) -> None:
    Line(tmp_path)()
    for kept in step_store(tmp_path).folder.glob("step-*"):
        kept.write_text("{")
    with pytest.raises(RunFolderError, match=r"step-\w+ is damaged and cannot be read\. Delete it"):
        Line(tmp_path)()
    for kept in step_store(tmp_path).folder.glob("step-*"):
        kept.unlink()
    assert Line(tmp_path)() == "It is 4.\n"


def test_a_note_is_written_and_deleted(tmp_path: Path) -> None:
    run = Line(tmp_path).run
    asyncio.run(run.write_output("found/number.json", Number(value=1)))
    assert (tmp_path / "found" / "number.json").read_text() == '{\n "value": 1\n}\n'
    for _ in range(2):
        asyncio.run(run.write_output("found/number.json", None))
    assert not (tmp_path / "found" / "number.json").exists()


def test_an_artifact_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "repo").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunFolderError, match="is a link or another special file"):
        asyncio.run(Line(tmp_path / "run").run.write_text("repo/main.py", "code"))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_an_output_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "review").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunFolderError, match="is a link or another special file"):
        asyncio.run(Line(tmp_path / "run").run.write_output("review/verdicts.json", Claims()))
    assert list((tmp_path / "elsewhere").iterdir()) == []
