"""What every page needs."""

from dataclasses import dataclass, field

from papercoder.settings import Settings
from papercoder.web.runs.active import ActiveRuns
from papercoder.web.runs.data_fetch import DataFetches
from papercoder.web.runs.folder import RunsFolder
from papercoder.web.runs.watcher import Watchers


@dataclass(frozen=True)
class Web:
    """The runs folder, the watchers of its runs, and the runs that this server started."""

    runs_folder: RunsFolder
    watchers: Watchers
    active_runs: ActiveRuns
    settings: Settings
    """From the settings file and the environment; the options of a new run override them."""

    fetches: DataFetches = field(default_factory=DataFetches)


def open_web(runs_folder: RunsFolder, settings: Settings) -> Web:
    """The state of one server."""
    active_runs = ActiveRuns(runs_folder)
    return Web(runs_folder, Watchers(runs_folder, active_runs), active_runs, settings)
