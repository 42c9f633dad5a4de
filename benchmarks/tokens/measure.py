"""The example's recorded answers, replayed: the tokens of each agent, in the full pipeline and in the published one."""

import asyncio
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import example
from benchmarks.speed import reference
from benchmarks.speed.measure import RECORDED, Profile, sizes_of
from papercoder.artifacts import LogicDesign
from papercoder.models.contract import Request, count_tokens
from papercoder.models.stack import Call, calls, made
from papercoder.operations.generate import generate
from papercoder.runs.folder import answer_store, load
from papercoder.settings import Settings

PUBLISHED = RECORDED.parent / "published"
_SHORTEST_PREFIX = 1024
"""Tokens from which providers keep the beginning of a prompt."""


@dataclass(frozen=True)
class Spent:
    """Calls and their tokens."""

    calls: int
    prompt: int
    cached: int
    """Prompt tokens in leading messages that an earlier call had too."""

    completion: int


@dataclass(frozen=True)
class TokenResults:
    """A run of each profile."""

    full: dict[str, Spent]
    """Agent -> what its calls took in the full pipeline."""

    retried: int
    """Calls of the full pipeline that corrected a rejected answer."""

    published: dict[str, Spent]
    """The same with `--profile papercoder`, which has recorded answers of its own."""

    reference: int
    """Prompt tokens of Paper2Code's own client for the answers of that profile."""


def measure() -> TokenResults:
    """Replay the recording in both profiles, without executing anything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        full = _replay(RECORDED, folder / "full", "full")
        published = _replay(PUBLISHED, folder / "published", "papercoder")
        logic = load(folder / "published", "planning/logic.json", LogicDesign)
        reference_prompt = reference.prompt_tokens(sizes_of([made(call) for call in published], logic))
    return TokenResults(
        full=by_agent(full),
        retried=sum(call.request.round > 0 for call in full),
        published=by_agent(published),
        reference=reference_prompt,
    )


def _replay(recorded: Path, folder: Path, profile: Profile) -> list[Call]:
    settings = Settings(model=f"recorded:{recorded}", profile=profile, sandbox="none")
    asyncio.run(generate(example(), folder, settings))
    return list(calls(answer_store(folder)))


def by_agent(made_calls: Iterable[Call]) -> dict[str, Spent]:
    """The tokens of each agent, the one with the most prompt tokens first."""
    spent: dict[str, Spent] = {}
    for call, cached in with_cached(made_calls):
        agent, usage = call.request.agent, call.answer.usage
        so_far = spent.get(agent, Spent(0, 0, 0, 0))
        spent[agent] = Spent(
            so_far.calls + 1, so_far.prompt + usage.prompt, so_far.cached + cached, so_far.completion + usage.completion
        )
    return dict(sorted(spent.items(), key=lambda item: -item[1].prompt))


def with_cached(made_calls: Iterable[Call]) -> Iterator[tuple[Call, int]]:
    """Each call with the tokens of the leading messages that it shares with an earlier one."""
    seen: set[tuple[str, ...]] = set()
    for call in made_calls:
        prefixes = list(_prefixes(call.request))
        shared = max((prefix for prefix in prefixes if prefix in seen), key=len, default=())
        tokens = sum(map(count_tokens, shared))
        yield call, tokens if tokens >= _SHORTEST_PREFIX else 0
        seen.update(prefixes)


def _prefixes(request: Request) -> Iterator[tuple[str, ...]]:
    texts = (request.system, *(message.text for message in request.messages))
    return (texts[:length] for length in range(1, len(texts) + 1))
