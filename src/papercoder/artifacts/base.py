"""The base class of artifacts, and common field types."""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Artifact(BaseModel):
    """A frozen, typed value that passes between stages; the docstrings under its fields are part of the prompts."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def normalise_path(path: str) -> str:
    """A path as a model writes it, normalised: forward slashes, no leading `./`."""
    parts = unicodedata.normalize("NFC", path).replace("\\", "/").split("/")
    return str(PurePosixPath("/".join(part.strip() for part in parts)))


def without_fence(text: str) -> str:
    """A text without the Markdown fence that models often put around it."""
    return re.sub(r"^\s*```\w*\s*\n|\n?\s*```\s*$", "", text).strip()


RepoPath = Annotated[str, AfterValidator(normalise_path)]
"""A path in the generated repository."""

Anchor = Annotated[str, AfterValidator(lambda text: text.strip("[] "))]
"""An anchor of the paper, such as `3.2¶4` or `eq:5`. Models often keep the brackets around it."""

Diagram = Annotated[str, AfterValidator(without_fence)]
"""Mermaid source."""
