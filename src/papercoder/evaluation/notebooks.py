"""Notebooks as a judge reads them: the code of their cells, without what it printed."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from papercoder.artifacts import SourceFile

_LARGEST = 20_000_000
"""Bytes; stored pictures make notebooks large."""

_MOST_CODE = 200_000
"""Letters of code; what is longer is data."""


class _Cell(BaseModel):
    cell_type: str
    source: Annotated[str, BeforeValidator(lambda said: "".join(said) if isinstance(said, list) else said)] = ""


class _Notebook(BaseModel):
    cells: list[_Cell] = Field(default_factory=list)


def notebook(path: Path, name: str) -> SourceFile | None:
    """The code of a notebook; None where it is none, has no code or is huge."""
    if path.suffix != ".ipynb" or path.stat().st_size > _LARGEST:
        return None
    try:
        cells = _Notebook.model_validate_json(path.read_bytes()).cells
    except (ValidationError, RecursionError):
        return None
    code = "\n\n".join(f"# In [{number}]\n{cell.source}" for number, cell in enumerate(_code(cells), 1))
    return SourceFile(path=name, text=f"{code}\n") if code and len(code) <= _MOST_CODE else None


def _code(cells: list[_Cell]) -> list[_Cell]:
    return [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]
