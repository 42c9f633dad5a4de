"""The bundled example: a paper with recorded answers, which needs no key and costs nothing."""

from dataclasses import dataclass
from pathlib import Path

import papercoder
from papercoder.settings import Settings

_PACKAGE = Path(papercoder.__file__).parent
_PLACES = (_PACKAGE / "example", _PACKAGE.parents[1] / "examples" / "kiln")
"""In an installed package, and in a clone."""


@dataclass(frozen=True)
class Example:
    """A folder with a paper and what models answered to it."""

    folder: Path

    @property
    def paper(self) -> Path:
        """The paper."""
        return self.folder / "paper.pdf"

    def settings(self) -> Settings:
        """Those with which it was recorded: with others the questions would be others."""
        shipped = {
            name: field.get_default(call_default_factory=True)
            for name, field in Settings.model_fields.items()
            if name not in {"sandbox", "concurrency"}
        }
        recorded = f"recorded:{self.folder / 'recorded'}"
        return Settings(**{**shipped, "model": recorded, "reproduce": True})


def example() -> Example | None:
    """The example; None where it was left out of the installation."""
    return next((Example(place) for place in _PLACES if (place / "recorded").is_dir()), None)
