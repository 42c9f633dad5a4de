"""The claims of a run with their verdicts, wherever their measurements come from."""

from papercoder.artifacts.claims import ClaimResults, Claims
from papercoder.artifacts.execution import ExecutionReport
from papercoder.claims.summaries import parse_results
from papercoder.claims.verdicts import compare, compare_summaries


def judged_claims(
    claims: Claims, reproduced: ClaimResults | None, execution: ExecutionReport | None, results: str
) -> ClaimResults:
    """All claims with verdicts.

    Args:
        claims: of the paper.
        reproduced: what the last reproduction decided; verdicts of claims that have changed since then do not count.
        execution: its results count if the full reproduction passed; those of a smoke run do not.
        results: the text of `results.json`.
    """
    if reproduced is not None:
        return _with_the_rest(claims, reproduced)
    if execution is not None and "reproduce" in execution.passed:
        return compare_summaries(claims, parse_results(execution.results or results, claims))
    return compare(claims, ())


def _with_the_rest(claims: Claims, reproduced: ClaimResults) -> ClaimResults:
    """The decided claims, and the others as not run."""
    items = {item.claim: item for item in reproduced.items}
    orderings = {item.ordering: item for item in reproduced.orderings}
    rest = compare(claims, ())
    return reproduced.model_copy(
        update={
            "items": tuple(items.get(item.claim, item) for item in rest.items),
            "orderings": tuple(orderings.get(item.ordering, item) for item in rest.orderings),
        }
    )
