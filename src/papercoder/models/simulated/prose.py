"""Words without meaning, as many as asked for."""

from random import Random

from papercoder.models.tokens import count_tokens

_WORDS = """
the model data layer loss train input output batch value step size rate weight vector hidden state token mask order
mean scale norm test set paper table class method call first second with from into over under before each
"""


def prose(rng: Random, tokens: int) -> str:
    """About so many tokens of words, in sentences."""
    words = rng.choices(_WORDS.split(), k=max(0, tokens))
    lines = [" ".join(words[start : start + 12]) for start in range(0, len(words), 12)]
    text = ". ".join(lines)
    while count_tokens(text) > tokens and lines:
        lines.pop()
        text = ". ".join(lines)
    return text
