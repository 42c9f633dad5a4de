"""The one way in which drawing fails."""


class Undrawable(ValueError):
    """A diagram does not parse, or is too large to be drawn; the text says why, for the reader of the report."""
