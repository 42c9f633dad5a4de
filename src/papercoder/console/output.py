"""The console through which all text of a run, a paper or a repository reaches a terminal."""

from collections.abc import Iterable
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from papercoder.text.characters import visible


class PlainConsole(Console):
    """A console on which text cannot do anything: no markup, no emoji codes, and hidden characters are visible."""

    def __init__(
        self,
        *,
        file: IO[str] | None = None,
        stderr: bool = False,
        width: int | None = None,
        height: int | None = None,
        force_terminal: bool | None = None,
        quiet: bool = False,
    ) -> None:
        super().__init__(
            file=file,
            stderr=stderr,
            width=width,
            height=height,
            force_terminal=force_terminal,
            quiet=quiet,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich renders it; only rich's own control codes stay, such as those of a live display."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)
