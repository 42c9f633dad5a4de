"""The cache in a terminal."""

import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from papercoder.operations.cache import KINDS, CacheEntry

_DAY = 86_400


def show_cache(cache: Path, entries: Sequence[CacheEntry], console: Console) -> None:
    """Show for each kind how many entries there are, their size, and when the oldest was last used."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("kind", "entries", "size", "least recently used"):
        table.add_column(name, justify="left" if name == "kind" else "right")
    for kind in KINDS:
        if own := [entry for entry in entries if entry.kind == kind]:
            days = int((time.time() - min(entry.used for entry in own)) / _DAY)
            age = f"{days} days ago" if days > 1 else "today" if not days else "1 day ago"
            table.add_row(kind, f"{len(own):,}", decimal(sum(entry.size for entry in own)), age)
    console.print(f"{cache}: {decimal(sum(entry.size for entry in entries))}", soft_wrap=True)
    if entries:
        console.print(table)


def show_pruned(removed: Sequence[CacheEntry], left: Sequence[CacheEntry], console: Console) -> None:
    """Show how much was removed and how much is left."""
    freed, rest = (decimal(sum(entry.size for entry in entries)) for entries in (removed, left))
    console.print(f"Removed {len(removed):,} entries ({freed}); {len(left):,} are left ({rest}).")
