"""Pseudocode that no fence marks: where it ends, and which of its lines only look like headings."""

import re
from collections.abc import Sequence

TITLE = re.compile(r"[*_]*Algorithm\s+[A-Z]?\.?\d{1,3}(?:\.\d{1,3})?\b(?P<rest>.*)", re.IGNORECASE)
_WORDS = r"(?:Inputs?|Outputs?|Require|Ensure|Returns?|Data|Results?|Initiali[sz]e|Parameters?|Hyperparameters?)\b"
_STEP = re.compile(rf"\s*(?:\d{{1,3}}\s*:|{_WORDS}\s*:)", re.IGNORECASE)
_LOOSE_STEP = re.compile(
    rf"\s*(?:\d{{1,3}}\s*[:.]|{_WORDS}|(?:for|while|if|else|repeat|until|end|return|Set|Let)\b)", re.I
)
_FORMULA = re.compile(r"\s*\$[^$]*(?:=|\\gets|\\leftarrow|\\sim|←)[^$]*\$[^.]*$")
_CODE = re.compile(
    r"""
    \s*(?:
      (?:for|while|if|elif|else\ if|else|def|class|with|try|except|until|repeat|foreach|function|procedure)\b[^.]*
        (?:[:{]|\b(?:do|then))\s*(?:\#.*|//.*)?$
      | (?:return|yield|import|from\ \w+\ import|del|assert|end|endif|endfor|endwhile|break|continue|pass)\b[^.!?]*$
      | (?:else|repeat|try|do)\s*:?$
      | [\w.\[\]]+(?:\s*,\s*[\w.\[\]]+)*\s*(?:[-+*/@|&]?=(?!=)|:=|<-|←)\s*\S.*
      | [\w.]+\([^()]*(?:\([^()]*\)[^()]*)*\)\s*(?:[:;]|\#.*)?$
      | [)}\]]+[;,]?$
      | @\w[\w.]*(?:\(.*\))?$
      | //.*
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LONGEST_LINE = 160
_LONGEST_COMMENT = 20
"""Lines of comments in a row."""

_COMMENT = re.compile(r"\s*#{1,3}\s*\S")
_HEADING = re.compile(r"\s*#+\s+[*_]*(?:\d{1,2}(?:\.\d{1,2})*\.?\s+[A-Z]|[A-Z]\.\d)")


def is_step(line: str) -> bool:
    """Whether this is a line of pseudocode: a numbered step, an input or output, or a statement."""
    return bool(_STEP.match(line.replace("**", ""))) or is_code(line)


def is_loose_step(line: str) -> bool:
    """Whether this continues pseudocode if no blank line stands before it."""
    return is_step(line) or bool(_LOOSE_STEP.match(line.replace("**", "")) or _FORMULA.match(line))


def is_code(line: str) -> bool:
    """Whether this line is a statement of a programming language."""
    return (
        len(line) <= _LONGEST_LINE and not line.lstrip().startswith(("|", "<", "!", "$$")) and bool(_CODE.match(line))
    )


def is_code_or_comment(line: str) -> bool:
    """Whether this may stand among lines of code."""
    return is_code(line) or bool(_COMMENT.match(line))


def is_comment(lines: Sequence[str], position: int) -> bool:
    """Whether the `#` line at this position comments code: a line of code touches it, above or below.

    Comments that follow each other count as one. A line that is numbered like a heading needs code on both sides.
    """
    touching = [_touches_code(lines, position, step) for step in (1, -1)]
    return all(touching) if _HEADING.match(lines[position]) else any(touching)


def _touches_code(lines: Sequence[str], position: int, step: int) -> bool:
    for offset in range(1, _LONGEST_COMMENT):
        near = position + step * offset
        if not (0 <= near < len(lines)):
            return False
        if not _COMMENT.match(lines[near]):
            return is_code(lines[near])
    return False


def body_end(lines: Sequence[str], start: int) -> int:
    """The position after the pseudocode that starts here; blank lines between its steps belong to it."""
    end = start
    for position in range(start, len(lines)):
        line = lines[position]
        if not line.strip():
            continue
        touches = position in (start, end)
        is_part = is_comment(lines, position) if _COMMENT.match(line) else is_step(line)
        is_part = is_part or (touches and (is_loose_step(line) or (position > start and line.startswith("  "))))
        if not is_part:
            break
        end = position + 1
    return end
