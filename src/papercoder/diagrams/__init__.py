"""Mermaid class and sequence diagrams and the files' dependency graph as standalone SVG, without browser or network.

A source becomes a typed value (`classes`, `sequences`), which is laid out (`layers`, `spread`) and drawn (`draw_*`).
What cannot be drawn raises `Undrawable`; whoever shows the diagram then shows its source.
"""

from papercoder.diagrams.draw_classes import draw_classes as draw_classes
from papercoder.diagrams.draw_files import draw_files as draw_files
from papercoder.diagrams.draw_sequences import draw_sequence as draw_sequence
from papercoder.diagrams.undrawable import Undrawable as Undrawable
