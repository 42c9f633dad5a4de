"""Where the sections of a report lead to on the page of a run."""

from papercoder.report.rendering import Links
from papercoder.web.parts.tabs import address

_VIEWS = {"requirements": "verdicts", "cost": "costs"}
"""Section of the report -> view, where they are not called the same."""


class RunLinks(Links):
    """To paper and code of one run, and between its views."""

    def __init__(self, run: str) -> None:
        self.run = run

    def need(self, requirement: str) -> str:
        """To a requirement in paper and code."""
        return address(self.run, "read", r=requirement)

    def line(self, path: str, line: int) -> str:
        """To a line beside the paper."""
        return address(self.run, "read", file=path, line=line)

    def view(self, section: str) -> str:
        """To a view."""
        return address(self.run, _VIEWS.get(section, section))

    def paper(self, anchor: str) -> str:
        """To a place in the paper."""
        return address(self.run, "read", at=anchor)

    def correction(self, anchor: str) -> str:
        """To where a place in the paper can be corrected."""
        return address(self.run, "correct", at=anchor)
