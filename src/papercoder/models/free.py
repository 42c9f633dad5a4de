"""What the doubles cost: nothing, in tokens that are only estimated."""

from papercoder.models.contract import Answer, Price, Request, Usage
from papercoder.models.estimate import prompt_tokens
from papercoder.models.tokens import count_tokens

FREE = Price(prompt=0.0, cached=0.0, completion=0.0)


def free_answer(request: Request, text: str, seconds: float = 0.0) -> Answer:
    """A whole answer that costs nothing."""
    usage = Usage(prompt=prompt_tokens(request), completion=count_tokens(text), cost_usd=0.0)
    return Answer(text=text, usage=usage, seconds=seconds)
