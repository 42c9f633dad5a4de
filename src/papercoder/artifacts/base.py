"""What all artifacts share."""

from pydantic import BaseModel, ConfigDict


class Artifact(BaseModel):
    """A frozen, typed value that passes between stages; the docstrings under its fields are part of the prompts."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
