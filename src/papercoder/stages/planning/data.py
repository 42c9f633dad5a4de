"""The data sets and pretrained weights of a paper: what they are, where they can be had, and what needs them."""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import cited_part, plan_part
from papercoder.agents.listings import requirements_part
from papercoder.artifacts import (
    DataKind,
    DataSource,
    DataSourceDraft,
    DataSourceDrafts,
    DataSources,
    OverallPlan,
    Paper,
    Requirements,
)
from papercoder.artifacts.paper import render_block
from papercoder.paper.evidence import find_quote

CURATOR = Agent("data", "planning", Json(DataSourceDrafts), NO_CONVENTIONS)

_IDS: dict[DataKind, tuple[str, str]] = {
    "hf_dataset": (r"[\w.-]+(/[\w.-]+)?", "OWNER/NAME on the Hub"),
    "hf_model": (r"[\w.-]+(/[\w.-]+)?", "OWNER/NAME on the Hub"),
    "doi": (r"10\.\d{4,9}/\S+", "a DOI such as 10.5281/zenodo.1234567"),
    "openml": (r"[1-9]\d*", "the number of a data set"),
    "package": (r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", "a dotted Python name"),
    "generated": ("", "empty"),
    "private": ("", "empty"),
}
"""Kind -> the pattern of its id, and the pattern in words."""


@uses(CURATOR)
async def list_data_sources(agents: Agents, paper: Paper, plan: OverallPlan, requirements: Requirements) -> DataSources:
    """List the data sets and weights; quotes and ids that the paper does not contain are marked."""
    cited = [item.anchor for item in requirements.items if item.kind in {"data", "experiment"}]
    cited += (block.anchor for block in paper.blocks() if re.search(r"https?:|www\.|doi", render_block(block)))
    parts = (
        cited_part(paper, cited),
        *requirements_part(requirements.items, quoted=False),
        plan_part(plan, "data"),
    )

    def check(drafts: DataSourceDrafts, attempt: int) -> list[str]:
        hard = list(problems(drafts, requirements))
        return hard or (unquoted(paper, drafts) if attempt == 0 else [])

    drafts = await agents.ask(CURATOR, "", parts, check)
    text = paper.render().casefold()
    return DataSources(items=tuple(_verified(paper, text, draft) for draft in drafts.items))


def problems(drafts: DataSourceDrafts, requirements: Requirements) -> Iterator[str]:
    """Repeated names, invalid ids and unknown requirements."""
    counts = Counter(draft.name.casefold() for draft in drafts.items)
    yield from (f"The name `{name}` occurs {count} times." for name, count in counts.items() if count > 1)
    for draft in drafts.items:
        if draft.kind == "url":
            if not is_public_url(draft.id):
                yield f"`{draft.name}`: `{draft.id}` is not a public http or https address."
        elif not re.fullmatch(_IDS[draft.kind][0], draft.id):
            yield f"`{draft.name}`: the id of the kind `{draft.kind}` is {_IDS[draft.kind][1]}, not `{draft.id}`."
        if unknown := [name for name in draft.requirements if name not in requirements.ids]:
            yield f"`{draft.name}`: there is no requirement {unknown[0]}."


def unquoted(paper: Paper, drafts: DataSourceDrafts) -> list[str]:
    """Problems of quotes that are not in the paper."""
    return [
        f'`{draft.name}`: the paper does not say "{draft.quote}" [{draft.anchor}]. Copy its words exactly.'
        for draft in drafts.items
        if find_quote(paper, draft.quote, draft.anchor) is None
    ]


def is_public_url(text: str) -> bool:
    """Whether this is a web address of a public server. A paper must not make users call services of their own."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or "." not in host or re.search(r"\s", text):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return not host.endswith((".localhost", ".local", ".internal"))


def _verified(paper: Paper, text: str, draft: DataSourceDraft) -> DataSource:
    anchor = find_quote(paper, draft.quote, draft.anchor)
    return DataSource(
        **{**dict(draft), "anchor": anchor or draft.anchor},
        quote_found=anchor is not None,
        id_found=bool(draft.id) and draft.id.casefold() in text,
    )
