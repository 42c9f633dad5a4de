"""The claims of a run with their verdicts."""

from papercoder.artifacts.claims import ClaimResults, Claims
from papercoder.claims.verdicts import compare


def judged_claims(claims: Claims, reproduced: ClaimResults | None) -> ClaimResults:
    """All claims with verdicts.

    Args:
        claims: of the paper.
        reproduced: what the last reproduction decided; verdicts of claims that have changed since then do not count.
    """
    return compare(claims, ()) if reproduced is None else _with_the_rest(claims, reproduced)


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
