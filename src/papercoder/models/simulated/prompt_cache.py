"""The provider's prompt cache: what a prompt shares with the beginning of an earlier one."""

import hashlib
from collections.abc import Iterator

LEAST_TOKENS = 1024
"""A shorter prefix is not kept, as with the large providers."""

_BLOCK = 512
"""Characters; prefixes are compared in whole blocks."""


class PromptCache:
    """Remembers prefixes of all prompts whose first token came."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def shared(self, prompt: str, tokens: int) -> int:
        """How many of the prompt's tokens are remembered."""
        blocks = 0
        for prefix in _prefixes(prompt):
            if prefix not in self._seen:
                break
            blocks += 1
        cached = tokens * blocks * _BLOCK // max(1, len(prompt))
        return cached if cached >= LEAST_TOKENS else 0

    def remember(self, prompt: str) -> None:
        """Keep the prompt's prefixes."""
        self._seen.update(_prefixes(prompt))


def _prefixes(prompt: str) -> Iterator[bytes]:
    chain = hashlib.blake2b(digest_size=16)
    for start in range(0, len(prompt) - _BLOCK + 1, _BLOCK):
        chain.update(prompt[start : start + _BLOCK].encode("utf-8", "surrogatepass"))
        yield chain.digest()
