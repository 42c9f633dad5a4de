"""The invented project: files in layers, each importing some of the layer below."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Graph:
    """Files in dependency order, ending with `main.py`, which nothing imports."""

    imports: Mapping[str, tuple[str, ...]]
    """Path -> paths of the files that it imports."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Each after those it imports."""
        return tuple(self.imports)


def build_graph(files: int, width: int, fan_in: int) -> Graph:
    """`files` files: layers of `width` modules, each importing `fan_in` of the layer below, and `main.py`."""
    names = [f"l{index // width}_m{index % width}.py" for index in range(files - 1)]
    imports = {name: _below(names, index, width, fan_in) for index, name in enumerate(names)}
    imported = {path for paths in imports.values() for path in paths}
    imports["main.py"] = tuple(name for name in names if name not in imported)
    return Graph(imports)


def _below(names: list[str], index: int, width: int, fan_in: int) -> tuple[str, ...]:
    if index < width:
        return ()
    layer = names[(index // width - 1) * width : (index // width) * width]
    return tuple(layer[(index + step) % len(layer)] for step in range(min(fan_in, len(layer))))
