"""YAML from untrusted files: only plain values, in a bounded number, and nothing that refers to something else.

With aliases, a file of a few lines expands beyond any memory, or contains itself.
"""

import yaml

MOST_NODES = 20_000
"""Mappings, lists, keys and values of one file."""

DEEPEST = 100
"""Levels of nesting."""

Yaml = dict[str, "Yaml"] | list["Yaml"] | bool | int | float | str | None


class InvalidYaml(ValueError):
    """A text is not plain YAML."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line
        """Where, counted from 1."""


def load_yaml(text: str) -> Yaml:
    """The value of a YAML text.

    Raises:
        InvalidYaml: it is not valid, has aliases, or is too large.
    """
    node = compose_yaml(text)
    if node is None:
        return None
    try:
        loaded: Yaml = yaml.SafeLoader("").construct_document(node)
    except yaml.YAMLError as error:
        raise _invalid(error) from error
    except (ValueError, OverflowError, RecursionError) as error:  # such as a date that does not exist
        raise InvalidYaml(f"it has a value that cannot be read ({error})") from error
    return loaded


def compose_yaml(text: str) -> yaml.Node | None:
    """The nodes of a YAML text, with their lines; None if it is empty.

    Raises:
        InvalidYaml: as for `load_yaml`.
    """
    try:
        return yaml.compose(text, Loader=_PlainLoader)
    except yaml.YAMLError as error:
        raise _invalid(error) from error
    except RecursionError as error:
        raise InvalidYaml("it is nested too deep") from error


class _PlainLoader(yaml.SafeLoader):
    """Counts nodes and accepts no aliases."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._nodes = 0
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one node and those below it."""
        self._nodes += 1
        self._depth += 1
        problem = ""
        if self.check_event(yaml.AliasEvent):
            problem = "it has an alias (`*name`), and aliases are not read"
        elif self._nodes > MOST_NODES:
            problem = f"it has more than {MOST_NODES:,} values"
        elif self._depth > DEEPEST:
            problem = f"it has more than {DEEPEST} levels"
        if problem:
            raise yaml.composer.ComposerError(None, None, problem, self.get_mark())
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _invalid(error: yaml.YAMLError) -> InvalidYaml:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return InvalidYaml(str(error.problem), error.problem_mark.line + 1)
    return InvalidYaml("it has characters that YAML does not allow")
