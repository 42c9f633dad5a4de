"""The choice among the files of the repository."""

from markupsafe import Markup

from papercoder.report import Report
from papercoder.report.rendering import environment


def files_html(report: Report) -> Markup:
    """Every file, those of the code first."""
    files = sorted(report.files, key=lambda path: (not path.endswith(".py"), path.startswith("tests/"), path))
    template = environment("papercoder.web").get_template("files.html")
    return Markup(template.render(files=files))  # noqa: S704  the template escapes
