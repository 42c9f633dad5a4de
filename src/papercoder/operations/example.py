"""The bundled example: a paper with recorded answers, which needs no API key and costs nothing."""

from dataclasses import dataclass
from pathlib import Path

import papercoder
from papercoder.settings import Settings

_PACKAGE = Path(papercoder.__file__).parent
_FOLDERS = (_PACKAGE / "example", _PACKAGE.parents[1] / "examples" / "kiln")
"""In an installed package, and in a clone."""


BUDGET = 75.0
"""Seconds for the trials, and again for the diagnosis: enough for a few seeds of everything on two cores."""


@dataclass(frozen=True)
class Example:
    """A folder with a paper and the answers that models gave to it."""

    folder: Path

    @property
    def paper(self) -> Path:
        """The paper."""
        return self.folder / "paper.pdf"

    def settings(self, sandbox: str | None = None) -> Settings:
        """The default settings, for which the answers were recorded, up to the full reproduction.

        Of the user's settings only the sandbox, unless it is given, the concurrency and a budget are used.

        Raises:
            SettingsError: the user's settings are wrong.
        """
        user = Settings(sandbox=sandbox)
        recorded = f"recorded:{self.folder / 'recorded'}"
        return Settings.model_construct(
            model=recorded,
            reproduce=True,
            budget=user.budget if "budget" in user.model_fields_set else BUDGET,
            sandbox=user.sandbox,
            concurrency=user.concurrency,
        )


def example() -> Example | None:
    """The example; None where the installation does not contain it."""
    return next((Example(folder) for folder in _FOLDERS if (folder / "recorded").is_dir()), None)
