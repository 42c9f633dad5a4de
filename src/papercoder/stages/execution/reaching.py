"""Whether installing failed for what lies outside the repository: the way to the package index, the disk."""

import re

from papercoder.artifacts.execution import Outcome

_OUTSIDE = re.compile(
    r"connection (refused|reset|aborted|timed out)|failed to establish a new connection|operation timed out"
    r"|read timed out|connect timeout|connection broken by|network is unreachable|no route to host|proxyerror"
    r"|name resolution|failed to lookup address|name or service not known|certificate.verif|invalid peer certificate"
    r"|server error \(5\d\d|5\d\d server error|no space left on device",
    re.IGNORECASE,
)
"""What uv, pip and those below them print then; in the install phase no other code runs."""


def unreachable(outcome: Outcome) -> str:
    """Why an installer could not do its work, in one sentence; empty where that was not for want of a way out."""
    if outcome.succeeded or outcome.limit:
        return ""
    line = next((line.strip() for line in reversed(outcome.output.splitlines()) if _OUTSIDE.search(line)), "")
    if not line:
        return ""
    return f"packages could not be fetched, and it will be tried again the next time: {line[:300]}"
