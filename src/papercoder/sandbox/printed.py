"""What a command prints: counted whole, kept at its end."""

import re
from asyncio import StreamReader

_KEPT = 16_384
_READ = 65_536
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[^\n\t -~\u00a0-\U0010ffff]")


class Printed:
    """The end of a stream, and its length."""

    def __init__(self, kept: int = _KEPT) -> None:
        self.kept = kept
        self.total = 0
        """Bytes read so far."""

        self._end = bytearray()

    async def drain(self, stream: StreamReader) -> None:
        """Read to the stream's end; whoever writes never waits for long."""
        while chunk := await stream.read(_READ):
            self.total += len(chunk)
            self._end += chunk
            del self._end[: -self.kept]

    @property
    def text(self) -> str:
        """The end of it as plain text: a line written over itself as it last stood, no control characters.

        What a hostile program prints is shown in a terminal later, so nothing that steers one may be left.
        """
        text = self._end.decode("utf-8", errors="replace")
        lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
        return _CONTROL.sub("", "\n".join(lines))
