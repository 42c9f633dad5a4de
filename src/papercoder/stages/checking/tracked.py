"""What is known of where settings go: which names, attributes and returns stand for which keys, and what was read."""

from dataclasses import dataclass, field

from papercoder.stages.checking.definitions import Definitions
from papercoder.stages.checking.settings_file import Keys

Patterns = frozenset[Keys]
NONE: Patterns = frozenset()


@dataclass(frozen=True)
class Read:
    """A key that the code asks for."""

    patterns: Patterns
    path: str
    line: int
    has_default: bool = False


@dataclass(eq=False)
class Flow:
    """What is known so far; it only grows."""

    known: Definitions
    names: dict[tuple[object, str], Patterns] = field(default_factory=dict)
    """(function, module or name of a class; variable or attribute) -> settings."""

    returned: dict[object, Patterns] = field(default_factory=dict)
    reads: set[Read] = field(default_factory=set)
    whole: set[Keys] = field(default_factory=set)
    """Read with all that is below."""

    written: set[Keys] = field(default_factory=set)
    grown: int = 0

    def learn(self, scope: object, name: str, patterns: Patterns) -> None:
        """A variable may stand for these settings."""
        before = self.names.get((scope, name), NONE)
        if not patterns <= before:
            self.names[scope, name] = before | patterns
            self.grown += 1

    def learn_return(self, function: object, patterns: Patterns) -> None:
        """A function may give back these settings."""
        before = self.returned.get(function, NONE)
        if not patterns <= before:
            self.returned[function] = before | patterns
            self.grown += 1
