"""Between a value and the text of its artifact."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from papercoder.errors import ArtifactError


@dataclass(frozen=True)
class Codec:
    """Strings as they are, all else as JSON."""

    artifact: str
    """Its name, for who has to mend it."""

    kind: Any
    """Its type."""

    def render(self, value: object) -> str:
        """The value as text."""
        if isinstance(value, str):
            return value
        return TypeAdapter(self.kind).dump_json(value, indent=1).decode() + "\n"

    def parse(self, text: str) -> object:
        """The value that a text holds.

        Raises:
            ArtifactError: the text does not fit; says where.
        """
        if self.kind is str:
            return text
        try:
            return TypeAdapter(self.kind).validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise ArtifactError(
                f"{self.artifact} was edited and no longer fits: {where}: {first['msg']}. Mend it, or delete it to "
                "have it made again."
            ) from error
