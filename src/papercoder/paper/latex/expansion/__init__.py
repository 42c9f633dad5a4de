"""Macros, conditionals and included files: from source to one stream of tokens that LaTeX itself would print."""

from papercoder.paper.latex.expansion.flatten import Flattened as Flattened
from papercoder.paper.latex.expansion.flatten import flatten as flatten
