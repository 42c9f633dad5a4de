"""The artifacts of a run by stage, each with its state."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from papercoder.operations.preview import ArtifactState
from papercoder.report.rendering import environment
from papercoder.runs.summary import stage_of
from papercoder.web.parts.tabs import address

LABELS: dict[ArtifactState, str] = {
    "generated": "",
    "edited": "edited",
    "stale": "edited, stale",
    "missing": "not made",
}
TONES: dict[ArtifactState, str] = {"generated": "none", "edited": "active", "stale": "fair", "missing": "none"}

_REPOSITORY = "repository"


@dataclass(frozen=True)
class Row:
    """A link to an artifact."""

    name: str
    address: str
    label: str
    tone: str
    is_here: bool


def tree_html(run: str, artifacts: Mapping[str, ArtifactState], here: str) -> Markup:
    """Links to all artifacts; the open one is marked."""
    groups: dict[str, list[Row]] = {}
    for name, state in artifacts.items():
        row = Row(_name(name), address(run, "edit", artifact=name), LABELS[state], TONES[state], name == here)
        groups.setdefault(_group(name), []).append(row)
    if repository := groups.pop(_REPOSITORY, None):
        groups[_REPOSITORY] = repository  # last, even if its first file comes early
    template = environment("papercoder.web").get_template("artifacts.html")
    return Markup(template.render(groups=groups))  # noqa: S704  the template escapes


def _group(artifact: str) -> str:
    """The artifact's stage; all files of the repository are one group."""
    return _REPOSITORY if artifact.startswith("repo/") else stage_of(artifact).removesuffix(".json")


def _name(artifact: str) -> str:
    """The artifact's name without its stage."""
    return artifact.partition("/")[2] or artifact
