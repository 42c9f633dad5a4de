"""The verdicts, a page at a time, those that failed first in reach."""

from collections.abc import Mapping

from markupsafe import Markup

from papercoder.report import Report
from papercoder.report.rendering import Links, environment, need
from papercoder.web.parts.tabs import address

_AT_ONCE = 40


def verdicts_html(run: str, report: Report, links: Links, asked: Mapping[str, str]) -> Markup:
    """Requirements with their verdicts; `state` and `page` (from 1) may be asked for."""
    state = asked.get("state", "")
    items = [item for item in report.requirements if state in {"", item.state}]
    pages = max(1, -(-len(items) // _AT_ONCE))
    page = min(max(_number(asked.get("page", "")), 1), pages)
    shown = items[(page - 1) * _AT_ONCE : page * _AT_ONCE]
    values = {
        "report": report,
        "state": state,
        "needs": [need(item, links) for item in shown],
        "to_state": lambda name: address(run, "verdicts", state=name),
        "page": page,
        "pages": pages,
        "to_page": lambda number: address(run, "verdicts", state=state, page=number),
    }
    template = environment("papercoder.web").get_template("verdicts.html")
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
