# ruff: noqa: S105  (a token is LaTeX's here, no secret)
"""The tokens still to read: macros take their arguments from them, and put their text before them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from papercoder.paper.latex.tokens import END_OF_FILE, PAR, is_blank, join


class Unclosed(Exception):
    """An argument does not end, or is longer than the budget allows."""


@dataclass
class Stream:
    """Tokens, read from the front."""

    budget: int
    """How many more tokens may be taken as arguments or put in for a macro."""

    pending: list[str] = field(default_factory=list)
    """The tokens still to read, the next one last."""

    def pop(self) -> str:
        """Take the next token; empty where there is none."""
        return self.pending.pop() if self.pending else ""

    @property
    def peek(self) -> str:
        """The next token, left where it is; empty where there is none."""
        return self.pending[-1] if self.pending else ""

    def push(self, tokens: Sequence[str]) -> None:
        """Put tokens first, at the cost of their number."""
        self.budget -= len(tokens) + 1
        self.pending += reversed(tokens)

    def skip_blanks(self) -> None:
        """Pass over white space, but over no empty line."""
        while is_blank(self.peek):
            self.pending.pop()

    def star(self) -> bool:
        """Pass over a star, and say whether there was one."""
        found = self.peek == "*"
        if found:
            self.pending.pop()
        return found

    def argument(self) -> list[str]:
        """The next argument without its braces."""
        self.skip_blanks()
        if self.peek in ("", END_OF_FILE, "}", PAR):
            return []
        token = self.pending.pop()
        if token == "{":
            return self.until("}")
        if token[0] in "\\$" or len(token) == 1:
            return [token]
        self.pending.append(token[1:])
        return [token[0]]

    def option(self) -> list[str] | None:
        """The next argument in brackets, if there is one."""
        self.skip_blanks()
        if self.peek != "[":
            return None
        self.pending.pop()
        return self.until("]")

    def until(self, closing: str) -> list[str]:
        """Everything up to a closing token, which is passed over; raises `Unclosed`."""
        depth, start = 0, len(self.pending)
        position = start
        for position in range(start - 1, max(start - self.budget, 0) - 1, -1):
            token = self.pending[position]
            if token == closing and depth == 0:
                taken = self.pending[position + 1 :][::-1]
                del self.pending[position:]
                self.budget -= len(taken)
                return taken
            depth += (token == "{") - (token == "}")
            if token == END_OF_FILE or depth < 0:
                break
        self.budget -= start - position
        raise Unclosed

    def name(self) -> str:
        """The next argument as a name."""
        return join(self.argument()).strip()

    def bare_name(self) -> str:
        """A name without braces, up to a blank or a command, as plain TeX has it."""
        parts = list(takewhile(lambda token: not token.isspace() and token[0] != "\\", reversed(self.pending)))
        del self.pending[len(self.pending) - len(parts) :]
        return "".join(parts)
