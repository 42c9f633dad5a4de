"""The failure that is worth another try."""

from papercoder.errors import ModelError


class PassingError(ModelError):
    """A call failed for a reason that may pass: a rate limit, a server's fault, a lost connection, a hang."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        """Seconds that the provider asks to wait; None where it does not say."""
