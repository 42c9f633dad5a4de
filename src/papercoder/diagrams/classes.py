"""A Mermaid class diagram as typed values."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from papercoder.diagrams.mermaid import class_diagram_complaint
from papercoder.diagrams.statements import statements
from papercoder.diagrams.text import one_line
from papercoder.diagrams.undrawable import Undrawable

Head = Literal["none", "arrow", "triangle", "diamond", "circle"]
"""How a relation ends: nothing, an open arrow, inheritance, composition, aggregation."""

_NAME = r"(?:`[^`]+`|\w[\w.-]*)(?:~[^~\s].*?~)?"
_CLASS = re.compile(
    rf"class\s+({_NAME})\s*(?:\[\"([^\"]*)\"\])?\s*(?::::\w+)?\s*(?:<<([^<>]+)>>)?\s*(\{{([^{{}}]*)\}}|\{{)?"
)
_RELATION = re.compile(
    rf"({_NAME})\s*(?:\"([^\"]*)\"\s*)?(<\||\*|o|<|\(\))?(--|\.\.)(\|>|\*|o|>|\(\))?\s*(?:\"([^\"]*)\"\s*)?({_NAME})"
    r"\s*(?::(.*))?"
)
_OUTSIDE_MEMBER = re.compile(rf"({_NAME})\s*:\s*(\S.*)")
_STEREOTYPE = re.compile(rf"<<([^<>]+)>>\s*({_NAME})?")
_NOTE = re.compile(r"note\s+(?:for\s+(\S+)\s+)?\"([^\"]*)\"")
_PASSED_OVER = re.compile(
    r"(direction|namespace|accTitle:|accDescr:|classDef|cssClass|style|click|link|callback|title)\s.*"
)
_ENDS: dict[str, Head] = {"<|": "triangle", "|>": "triangle", "*": "diamond", "o": "circle", "<": "arrow", ">": "arrow"}
_MOST = 120
"""Classes in one drawing."""


@dataclass(frozen=True)
class Member:
    """An attribute or a method."""

    text: str
    is_method: bool
    classifier: Literal["", "static", "abstract"] = ""


@dataclass(frozen=True)
class ClassBox:
    """A class with its members."""

    key: str
    """What relations call it."""

    name: str
    """What is printed."""

    stereotype: str = ""
    """`interface`, `abstract`, ..."""

    members: tuple[Member, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def attributes(self) -> tuple[Member, ...]:
        """Members without parentheses."""
        return tuple(member for member in self.members if not member.is_method)

    @property
    def methods(self) -> tuple[Member, ...]:
        """Members with parentheses."""
        return tuple(member for member in self.members if member.is_method)


@dataclass(frozen=True)
class Relation:
    """A line between two classes, as written."""

    left: str
    right: str
    left_head: Head
    right_head: Head
    dashed: bool
    label: str = ""
    left_count: str = ""
    right_count: str = ""

    @property
    def left_is_above(self) -> bool:
        """Parents stand above what inherits of them, users above what they use."""
        return self.left_head in {"triangle", "diamond", "circle"} or (
            self.left_head != "arrow" and self.right_head not in {"triangle", "diamond", "circle"}
        )


@dataclass(frozen=True)
class ClassDiagram:
    """Classes in order of first mention, and their relations."""

    classes: tuple[ClassBox, ...]
    relations: tuple[Relation, ...]
    notes: tuple[str, ...] = ()
    """Notes that belong to no class."""


def parse_classes(source: str) -> ClassDiagram:
    """Read a class diagram in the subset that `papercoder.diagrams.mermaid` accepts.

    Raises:
        Undrawable: it does not parse, shows no class, or is too large.
    """
    if complaint := class_diagram_complaint(source):
        raise Undrawable(one_line(complaint))
    reader = _Reader()
    for line in statements(source):
        reader.read(line)
    if not reader.boxes:
        raise Undrawable("the class diagram has no classes")
    if len(reader.boxes) > _MOST or len(reader.relations) > 4 * _MOST:
        raise Undrawable(f"the class diagram has {len(reader.boxes)} classes, too many for one drawing")
    return ClassDiagram(tuple(reader.boxes.values()), tuple(reader.relations), tuple(reader.notes))


class _Reader:
    """Takes a diagram in line by line."""

    def __init__(self) -> None:
        self.boxes: dict[str, ClassBox] = {}
        self.relations: list[Relation] = []
        self.notes: list[str] = []
        self.inside = ""

    def read(self, line: str) -> None:
        if line == "}":
            self.inside = ""
        elif match := _CLASS.fullmatch(line):
            self._class(match)
        elif self.inside:
            self._member(self.inside, line)
        elif not _PASSED_OVER.fullmatch(line):
            self._outside(line)

    def _outside(self, line: str) -> None:
        if match := _NOTE.fullmatch(line):
            self._note(match[1], match[2])
        elif match := _RELATION.fullmatch(line):
            self._relation(match)
        elif match := _STEREOTYPE.fullmatch(line):
            self._stereotype(match[2], match[1])
        elif match := _OUTSIDE_MEMBER.fullmatch(line):
            self._member(self._box(match[1]), match[2])

    def _class(self, match: re.Match[str]) -> None:
        key = self._box(match[1])
        if match[2]:
            self.boxes[key] = replace(self.boxes[key], name=one_line(match[2]))
        if match[3]:
            self._stereotype(key, match[3])
        if match[5] and match[5].strip():
            self._member(key, match[5].strip())
        self.inside = key if match[4] == "{" else ""

    def _box(self, written: str) -> str:
        key = written.replace("`", "").partition("~")[0] or written
        self.boxes.setdefault(key, ClassBox(key, one_line(generic(written.replace("`", "")))))
        return key

    def _member(self, key: str, line: str) -> None:
        box = self.boxes[key]
        if match := _STEREOTYPE.fullmatch(line):
            self.boxes[key] = replace(box, stereotype=one_line(match[1]))
        else:
            self.boxes[key] = replace(box, members=(*box.members, _member(line)))

    def _stereotype(self, written: str | None, name: str) -> None:
        if written:
            key = self._box(written)
            self.boxes[key] = replace(self.boxes[key], stereotype=one_line(name))

    def _note(self, key: str | None, text: str) -> None:
        note = one_line(re.sub(r"\\n|<br\s*/?>", " ", text))
        if key is None:
            self.notes.append(note)
            return
        box = self.boxes[self._box(key)]
        self.boxes[box.key] = replace(box, notes=(*box.notes, note))

    def _relation(self, match: re.Match[str]) -> None:
        left, left_count, before, line, after, right_count, right, label = match.groups()
        self.relations.append(
            Relation(
                self._box(left),
                self._box(right),
                _ENDS.get(before or "", "none"),
                _ENDS.get(after or "", "none"),
                line == "..",
                one_line(label or ""),
                one_line(left_count or ""),
                one_line(right_count or ""),
            )
        )


def _member(line: str) -> Member:
    text = one_line(line)
    bare = text.rstrip("$*")
    classifier: Literal["", "static", "abstract"] = ""
    if bare != text:
        classifier = "static" if text.endswith("$") else "abstract"
    return Member(generic(bare), "(" in bare, classifier)


def generic(text: str) -> str:
    """`List~float~` as `List<float>`; a `~` that opens nothing (package visibility) stays."""
    return re.sub(r"(?<=\w)~(?=\w)", "<", re.sub(r"(?<=[\w~>\])])~(?!\w)", ">", text))
