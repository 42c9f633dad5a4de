"""The frozen, typed values that pass between stages."""

from papercoder.artifacts.base import Artifact as Artifact
from papercoder.artifacts.paper import Algorithm as Algorithm
from papercoder.artifacts.paper import AnyBlock as AnyBlock
from papercoder.artifacts.paper import Block as Block
from papercoder.artifacts.paper import Equation as Equation
from papercoder.artifacts.paper import Figure as Figure
from papercoder.artifacts.paper import Loss as Loss
from papercoder.artifacts.paper import Paper as Paper
from papercoder.artifacts.paper import Paragraph as Paragraph
from papercoder.artifacts.paper import Reference as Reference
from papercoder.artifacts.paper import Section as Section
from papercoder.artifacts.paper import SourceKind as SourceKind
from papercoder.artifacts.paper import Table as Table
from papercoder.artifacts.paper import render_block as render_block
from papercoder.artifacts.paper import render_rows as render_rows
