"""Downloads the data of a public benchmark and writes a manifest that runs it."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import yaml

from papercoder.artifacts import Artifact
from papercoder.bench.data.benchmarks import Benchmark
from papercoder.bench.data.folder import DataFolder
from papercoder.bench.manifest.manifest import Judge, Manifest, ModelChoice, PaperEntry, model_name
from papercoder.datasets.downloads import Unreachable
from papercoder.errors import FetchError
from papercoder.runs.folder import lock
from papercoder.settings import Settings

_HEAD = """\
# {name}: {count} papers, downloaded by `papercoder bench fetch`; addresses and hashes are in fetched.json.
# The models are a proposal, and judges cost money too: choose yours, then run
#   papercoder bench {file}
"""


class FetchResult(Artifact):
    """What is in the folder now."""

    manifest: Path
    papers: tuple[str, ...]
    """Their ids."""

    problems: tuple[str, ...]
    """What could not be fetched, one sentence each; empty if nothing is missing."""


def fetch(benchmark: Benchmark, data: DataFolder, only: Iterable[str] = ()) -> FetchResult:
    """Fetch what is missing of these papers, or of all, and write the manifest. Call it again to resume.

    Raises:
        SettingsError: the benchmark has no paper of this name.
        FetchError: no paper could be fetched.
        RunFolderError: the folder cannot be written, or another process works in it.
    """
    with lock(data.root):
        entries = list(_entries(benchmark, data, only))
        data.remove_empty_staging()
        if not entries:
            raise FetchError(f"Nothing could be fetched. {' '.join(data.problems[:3])}")
        written = data.write_manifest(_manifest_text(benchmark, entries))
    return FetchResult(manifest=written, papers=tuple(entry.id for entry in entries), problems=tuple(data.problems))


def _entries(benchmark: Benchmark, data: DataFolder, only: Iterable[str]) -> Iterator[PaperEntry]:
    """The available papers; once the server does not answer, those that are already complete."""
    for paper in benchmark.paper_ids(only):
        with suppress(Unreachable):  # recorded in the folder
            if entry := benchmark.fetch_paper(paper):
                yield entry
    if data.unreachable:
        data.problems.append(str(data.unreachable))


def _manifest_text(benchmark: Benchmark, entries: list[PaperEntry]) -> str:
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
