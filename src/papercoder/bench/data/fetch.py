"""Lays out the data of a public benchmark, and writes the manifest that runs it."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import yaml

from papercoder.artifacts import Artifact
from papercoder.bench.data.downloads import Unreachable
from papercoder.bench.data.folder import DataFolder
from papercoder.bench.data.lists import PublicList
from papercoder.bench.manifest.manifest import Judge, Manifest, ModelChoice, PaperEntry, model_name
from papercoder.errors import FetchError
from papercoder.runs.folder import lock
from papercoder.settings import Settings

_HEAD = """\
# {name}: {count} papers, as `papercoder bench fetch` laid them out; what was fetched, and its hashes: fetched.json.
# The models are only a proposal, and judges cost money too: set what you mean to use, then run
#   papercoder bench {file}
"""


class LaidOut(Artifact):
    """What is there now."""

    manifest: Path
    papers: tuple[str, ...]
    """Their ids."""

    problems: tuple[str, ...]
    """What could not be had, one sentence each; empty where nothing is missing."""


def fetch(benchmark: PublicList, data: DataFolder, only: Iterable[str] = ()) -> LaidOut:
    """Fetch what is missing of these papers, or of all, and write the manifest; run again, it goes on.

    Raises:
        SettingsError: there is no paper of such a name.
        FetchError: nothing could be laid out.
        RunFolderError: the folder cannot be written, or another process works in it.
    """
    with lock(data.root):
        entries = list(_entries(benchmark, data, only))
        data.sweep()
        if not entries:
            raise FetchError(f"Nothing could be fetched. {' '.join(data.problems[:3])}")
        written = data.manifest(_text(benchmark, entries))
    return LaidOut(manifest=written, papers=tuple(entry.id for entry in entries), problems=tuple(data.problems))


def _entries(benchmark: PublicList, data: DataFolder, only: Iterable[str]) -> Iterator[PaperEntry]:
    """What can be had; where the server falls silent, what is all here."""
    for paper in benchmark.ids(only):
        with suppress(Unreachable):  # which the folder remembers
            if entry := benchmark.lay_out(paper):
                yield entry
    if data.silence:
        data.problems.append(str(data.silence))


def _text(benchmark: PublicList, entries: list[PaperEntry]) -> str:
    model = Settings.model_fields["model"].default
    manifest = Manifest(
        name=benchmark.name,
        papers=tuple(entries),
        models=(ModelChoice(name=model_name(model), model=model),),
        judge=Judge(model=model, judges=benchmark.judges),
    )
    return _HEAD.format(name=benchmark.name, count=len(entries), file="manifest.yaml") + yaml.safe_dump(
        manifest.model_dump(mode="json", exclude_defaults=True), sort_keys=False, allow_unicode=True, width=120
    )
