"""The data of a run as generated code sees them: read-only, in one folder, with downloads of libraries switched off."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from papercoder.artifacts.data import RunData
from papercoder.datasets.cache import DataCache
from papercoder.sandbox.contract import Bind

DATA_ROOT = "/data"
"""The folder of the data inside the sandbox."""

OFFLINE: Mapping[str, str] = MappingProxyType(
    {
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HOME": "/tmp/huggingface",  # noqa: S108
        "TORCH_HOME": "/tmp/torch",  # noqa: S108
        "WANDB_MODE": "disabled",
    }
)
"""Environment variables with which libraries fail at once instead of trying to download."""


@dataclass(frozen=True)
class Mounts:
    """What a command needs to read the data."""

    binds: tuple[Bind, ...]
    """One for each source that is there."""

    environment: Mapping[str, str]
    present: tuple[str, ...]
    """Names of the sources that the code can read."""

    missing: tuple[str, ...]
    """Names of the sources whose files are not there."""

    @property
    def complete(self) -> bool:
        """Whether there are data in files and none are missing."""
        return bool(self.present) and not self.missing


def mounts_for(data: RunData, cache: DataCache | None = None) -> Mounts:
    """The mounts of all sources that are in files; those of packages and generators need none."""
    cache, binds, missing = cache or DataCache(), dict[str, Bind](), list[str]()
    for source in data.sources.items:
        locked = data.lock.get(source.name)
        if not source.has_files:
            continue
        if locked is None or not cache.has(locked):
            missing.append(source.name)
            continue
        path, target = cache.path(locked), f"{DATA_ROOT}/{source.name}"
        binds[source.name] = Bind(path, f"{target}/{path.name}" if path.is_file() else target)
    return Mounts(tuple(binds.values()), OFFLINE, tuple(binds), tuple(missing))
