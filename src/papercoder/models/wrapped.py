"""What the wrappers around a model share."""

from papercoder.models.contract import Model, Price


class Wrapped:
    """A model around a model: known by the same name, at the same price."""

    def __init__(self, inner: Model) -> None:
        self.inner = inner

    @property
    def name(self) -> str:
        """The inner model's."""
        return self.inner.name

    @property
    def context_window(self) -> int:
        """The inner model's."""
        return self.inner.context_window

    @property
    def price(self) -> Price | None:
        """The inner model's."""
        return self.inner.price
