# ruff: noqa: S105  (a token is LaTeX's here, no secret)
"""Whether the tokens that have passed so far leave TeX in a formula or in text."""

from dataclasses import dataclass, field

from papercoder.paper.latex.tokens import PAR, is_blank
from papercoder.paper.latex.vocabulary.commands import MATHS
from papercoder.paper.names import names

_TEXT = names(r"\text \mbox \hbox \textrm \textit \textbf \textsf \texttt \textnormal \intertext \shortintertext")
_OPENING = {"\\(": "\\)", "\\[": "\\]"}


@dataclass
class Mode:
    """Follows tokens; formulas and text nest in each other."""

    frames: list[tuple[str, bool]] = field(default_factory=list)
    """What closes each formula, text in a formula or group that is open, and whether its content is a formula."""

    wanted: bool | None = None
    """Whether the next group is a formula or text, if the last command decides that."""

    in_name: str = ""
    """`\\begin` or `\\end`, while the name of its environment passes."""

    @property
    def is_math(self) -> bool:
        """Whether the next token is part of a formula."""
        return bool(self.frames) and self.frames[-1][1]

    def feed(self, token: str) -> None:
        """Let one token pass."""
        if token == PAR:
            self.frames.clear()
        elif self.in_name:
            self._environment(token)
        elif token in ("\\begin", "\\end"):
            self.in_name = token
        elif token == "{":
            self.frames.append(("}", self.is_math if self.wanted is None else self.wanted))
            self.wanted = None
        elif token in _TEXT or token == "\\ensuremath":
            self.wanted = token == "\\ensuremath"
        elif not is_blank(token):
            self.wanted = None
            self._delimiter(token)

    def _delimiter(self, token: str) -> None:
        if self.frames and self.frames[-1][0] == token:
            self.frames.pop()
        elif token in ("$", "$$"):
            self.frames.append((token, True))
        elif token in _OPENING:
            self.frames.append((_OPENING[token], True))

    def _environment(self, token: str) -> None:
        if token in ("{", " "):
            return
        if token in MATHS or token == "math":
            if self.in_name == "\\begin":
                self.frames.append((token, True))
            elif self.frames and self.frames[-1][0] == token:
                self.frames.pop()
        if token == "}" or token[0] == "\\":
            self.in_name = ""
