"""Notebooks as a judge reads them: the code of their cells, without what it printed."""

from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from papercoder.artifacts import SourceFile

_LARGEST = 20_000_000
"""Bytes; stored pictures make notebooks large."""

_MOST_CODE = 200_000
"""Letters of code; what is longer is data."""


class _Cell(BaseModel):
    cell_type: str
    source: str | list[str] = ""

    @property
    def code(self) -> str:
        """Empty for cells of another kind."""
        return "".join(self.source).strip() if self.cell_type == "code" else ""


class _Notebook(BaseModel):
    cells: list[_Cell] = Field(default_factory=list)


def notebook(path: Path, name: str) -> SourceFile | None:
    """The code of a notebook; None where it is none, has no code or is huge."""
    if path.suffix != ".ipynb" or path.stat().st_size > _LARGEST:
        return None
    try:
        cells = _Notebook.model_validate_json(path.read_bytes()).cells
    except ValidationError:
        return None
    code = [cell.code for cell in cells if cell.code]
    text = "".join(f"# In [{number}]\n{cell}\n\n" for number, cell in enumerate(code, 1)).removesuffix("\n")
    return SourceFile(path=name, text=text) if 0 < len(text) <= _MOST_CODE else None
