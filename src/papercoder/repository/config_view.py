"""The configuration as those who write code need to see it: keys, types and meanings, but no numbers.

Code that reads a number does not depend on which number it is; so a changed number makes no file anew.
"""

from collections.abc import Iterator

import yaml

from papercoder.artifacts import ExperimentConfig
from papercoder.errors import ArtifactError

Node = dict[str, "Node"] | list["Node"] | bool | int | float | str | None


def config_view(text: str, config: ExperimentConfig) -> str:
    """The keys of a `config.yaml`, each with its type or its word, and what it means.

    Raises:
        ArtifactError: the text, which the user edited, is no YAML with keys.
    """
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ArtifactError(f"repo/config.yaml is no YAML: {' '.join(str(error).split())}. Mend it.") from error
    if not isinstance(loaded, dict):
        raise ArtifactError("repo/config.yaml has no keys. Mend it, or delete it to have it made again.")
    meanings = {value.key: value.meaning for value in config.values}
    return "\n".join(_lines(loaded, meanings, ())) + "\n"


def _lines(node: dict[str, Node], meanings: dict[str, str], above: tuple[str, ...]) -> Iterator[str]:
    for name, value in node.items():
        key, indent = (*above, str(name)), "  " * len(above)
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _lines(value, meanings, key)
        else:
            meaning = meanings.get(".".join(key), "")
            yield f"{indent}{name}: {_kind(value)}" + (f"  # {' '.join(meaning.split())}" if meaning else "")


def _kind(value: Node) -> str:
    match value:
        case bool():
            return "<true or false>"
        case int() | float():
            return f"<{type(value).__name__}>"
        case list():
            return f"[{', '.join(map(_kind, value))}]"
        case dict():
            return f"{{{', '.join(f'{name}: {_kind(inner)}' for name, inner in value.items())}}}"
        case _:
            return "null" if value is None else str(value)
