"""LaTeX: flattened source, parsed into a tree and walked once; numbers are those that LaTeX would print."""

from papercoder.paper.latex.reading import read_latex as read_latex
