"""Tells whose cap stopped a trial: that of all together, or one of its own."""

from dataclasses import dataclass

from papercoder.errors import CostCapReached
from papercoder.models.capped import Purse


@dataclass
class Watched:
    """A purse, and whether it had too little left for what it was asked."""

    purse: Purse
    refused: bool = False

    @property
    def cap(self) -> float | None:
        """The purse's."""
        return self.purse.cap

    async def promise(self, cost: float, what: str) -> None:
        """Set money aside in the purse.

        Raises:
            CostCapReached: there is too little left.
        """
        try:
            await self.purse.promise(cost, what)
        except CostCapReached:
            self.refused = True
            raise

    async def settle(self, promised: float, cost: float) -> None:
        """Tell the purse."""
        await self.purse.settle(promised, cost)
