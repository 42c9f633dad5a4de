"""Verify and refine: one agent lists violations in an artifact, another fixes them by changes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import ValidationError

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, Check
from papercoder.agents.answers import Correction, Format, InvalidAnswerError, Json
from papercoder.agents.context import Part, artifact_part, text_part
from papercoder.agents.listings import requirement_lines
from papercoder.artifacts import Artifact, ConfigValue, Critique, FileLogic, FilePlan, Requirements
from papercoder.text.fences import fence

A = TypeVar("A", bound=Artifact)


class ChangeError(ValueError):
    """A change does not fit the artifact. Its message is sent to the model."""


class TextEdit(Artifact):
    """A change in a text, or in a list of texts."""

    field: str
    """The name of the field, such as `approach` or `unclear`."""

    search: str = ""
    """Words of the field, copied character by character, that occur in it once; empty to add at its end."""

    replace: str
    """What replaces them; a list's text that becomes empty is dropped."""


class Changes(Artifact):
    """Changes of an artifact that has named parts; what is not mentioned stays."""

    drop: tuple[str, ...] = ()
    """Names of the parts to remove: paths of files, or keys of settings."""

    parts: ClassVar[tuple[str, str, str]]
    """What a part is, the field with the parts, and the field with a part's name."""


class TextChanges(Changes):
    """Changes of an artifact that has texts beside its parts."""

    edits: tuple[TextEdit, ...] = ()


class ArchitectureChanges(TextChanges):
    """Changes of an architecture."""

    parts = ("file", "files", "path")
    files: tuple[FilePlan, ...] = ()
    """Files to add, or to replace by their path, each in full."""


class LogicChanges(TextChanges):
    """Changes of a logic design."""

    parts = ("file", "files", "path")
    files: tuple[FileLogic, ...] = ()
    """Files to add, or to replace by their path, each in full."""


class ConfigChanges(Changes):
    """Changes of a configuration."""

    parts = ("setting", "values", "key")
    values: tuple[ConfigValue, ...] = ()
    """Values to add, or to replace by their key, each in full."""


def apply_changes(artifact: A, changes: Changes) -> A:
    """The artifact with the changes.

    Raises:
        ChangeError: a name or the words to replace are not in the artifact, or the result is invalid.
    """
    fields: dict[str, object] = dict(artifact)
    for edit in changes.edits if isinstance(changes, TextChanges) else ():
        fields[edit.field] = _edited(fields, edit)
    _, name, key = changes.parts
    kept = {getattr(item, key): item for item in getattr(artifact, name)}
    for dropped in changes.drop:
        if kept.pop(dropped, None) is None:
            raise ChangeError(f"`{dropped}` cannot be dropped; there is no such {key}.")
    kept |= {getattr(item, key): item for item in getattr(changes, name)}
    fields[name] = tuple(kept.values())
    try:
        return type(artifact).model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ChangeError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _edited(fields: Mapping[str, object], edit: TextEdit) -> object:
    """The field's text or list of texts after an edit."""
    old = fields.get(edit.field)
    if isinstance(old, str):
        return _replaced(old, edit) if edit.search else f"{old.rstrip()}\n\n{edit.replace}".strip()
    if not isinstance(old, tuple) or not all(isinstance(text, str) for text in old):
        texts = ", ".join(name for name, value in fields.items() if isinstance(value, str))
        raise ChangeError(f"`{edit.field}` is not a text of the artifact; its texts are {texts}.")
    if not edit.search:
        return (*old, edit.replace)
    places = [index for index, text in enumerate(old) if edit.search in text]
    if len(places) != 1:
        raise ChangeError(f"{len(places)} texts of `{edit.field}` contain {edit.search!r}; copy words of exactly one.")
    before, after = old[: places[0]], old[places[0] + 1 :]
    changed = _replaced(old[places[0]], edit)
    return (*before, changed, *after) if changed else (*before, *after)


def _replaced(text: str, edit: TextEdit) -> str:
    if text.count(edit.search) != 1:
        raise ChangeError(f"`{edit.field}` contains {edit.search!r} {text.count(edit.search)} times, not once.")
    return text.replace(edit.search, edit.replace)


VERIFIER = Agent("verify", "review", Json(Critique), NO_CONVENTIONS)


@dataclass(frozen=True)
class Revision(Generic[A]):
    """Changes of an artifact; models that give the whole artifact instead are understood too."""

    changes: type[Changes]
    whole: Format[A]

    @property
    def correction(self) -> Correction:
        """A patch of the wrong changes."""
        return "patch"

    @property
    def instructions(self) -> str:
        """The type of the changes."""
        return Json(self.changes).instructions

    def read(self, text: str) -> Changes | A:
        """Return the changes, or the artifact.

        Raises:
            InvalidAnswerError: it is neither.
        """
        try:
            return Json(self.changes).read(text)
        except InvalidAnswerError as error:
            try:
                return self.whole.read(text)
            except InvalidAnswerError:
                raise error from None


def reviser(agent: Agent[A], changes: type[Changes]) -> Agent[Changes | A]:
    """The agent that changes another agent's artifact to fix violations."""
    return Agent("refine", agent.role, Revision(changes, agent.format), agent.system)


def verifier(agent: Agent[Any]) -> Agent[Critique]:
    """The agent that checks another agent's artifact, by the same conventions."""
    return replace(VERIFIER, system=agent.system)


async def violations(
    agents: Agents, agent: Agent[A], artifact: Artifact, parts: tuple[Part, ...], attempt: int, **variables: object
) -> Critique:
    """The violations that a verifying agent finds in an artifact."""
    title = "The artifact to check"
    if isinstance(artifact, Requirements):
        shown = text_part(title, requirement_lines(artifact.items, quoted=False))
    else:
        shown = artifact_part(title, artifact)
    return await agents.ask(
        verifier(agent),
        round_of(agent, attempt),
        (*parts, shown),
        instructions=fence(agents.prompts.render(agent.name, **variables)),
    )


async def refined(
    agents: Agents,
    agent: Agent[A],
    changes: type[Changes],
    artifact: A,
    parts: tuple[Part, ...],
    check: Check[A],
    rounds: int,
    **variables: object,
) -> A:
    """The artifact after at most `rounds` revisions; stops when no violation is found."""
    for attempt in range(rounds):
        critique = await violations(agents, agent, artifact, parts, attempt, **variables)
        if not critique.violations:
            break
        change = await agents.ask(
            reviser(agent, changes),
            round_of(agent, attempt),
            (*parts, artifact_part("The artifact to change", artifact)),
            _applicable(artifact, check),
            instructions=fence(agents.prompts.render(agent.name, **variables)),
            violations=critique.violations,
            part=changes.parts[0],
            has_texts=issubclass(changes, TextChanges),
        )
        artifact = _changed(artifact, change)
    return artifact


def _changed(artifact: A, change: Changes | A) -> A:
    return apply_changes(artifact, change) if isinstance(change, Changes) else change


def _applicable(artifact: A, check: Check[A]) -> Check[Changes | A]:
    """The problems of changes: those that do not fit the artifact, and those of the changed artifact."""

    def problems(change: Changes | A, attempt: int) -> list[str]:
        try:
            return check(_changed(artifact, change), attempt)
        except ChangeError as error:
            return [str(error)]

    return problems


def round_of(agent: Agent[A], attempt: int) -> str:
    """The subject of a round: `architecture`, then `architecture 2`, and so on."""
    return agent.name if attempt == 0 else f"{agent.name} {attempt + 1}"
