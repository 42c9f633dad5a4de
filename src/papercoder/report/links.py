"""Where the parts of a report lead to: in the report's own page, or wherever else its sections are shown."""

from papercoder.report.model import href


class Links:
    """Within `report.html`, which lies in the run folder."""

    def need(self, requirement: str) -> str:
        """To a requirement."""
        return f"#{requirement}"

    def line(self, path: str, line: int) -> str:
        """To a line of the repository."""
        return href(path, line)

    def view(self, section: str) -> str:
        """To a section."""
        return f"#{section}"

    def paper(self, _anchor: str) -> str:
        """To a place in the paper; empty where the paper is not shown."""
        return ""

    def correction(self, _anchor: str) -> str:
        """To where a place in the paper can be corrected; empty where it cannot."""
        return ""
