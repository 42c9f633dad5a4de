"""Tells whose cap stopped a trial: that of all together, or one of its own."""

from dataclasses import dataclass

from papercoder.errors import CostCapReached
from papercoder.models.budget import Budget


@dataclass
class Watched:
    """A budget, and whether it had too little left for what it was asked."""

    budget: Budget
    refused: bool = False

    @property
    def cap(self) -> float | None:
        """The budget's."""
        return self.budget.cap

    async def reserve(self, cost: float, what: str) -> None:
        """Set money aside in the budget.

        Raises:
            CostCapReached: there is too little left.
        """
        try:
            await self.budget.reserve(cost, what)
        except CostCapReached:
            self.refused = True
            raise

    async def settle(self, reserved: float, cost: float) -> None:
        """Tell the budget."""
        await self.budget.settle(reserved, cost)
