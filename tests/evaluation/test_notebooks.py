"""Notebooks: only their code is read, and other files are ignored."""

import json
from pathlib import Path

import pytest

from papercoder.artifacts import SourceFile
from papercoder.evaluation.repository_view import notebook
from papercoder.files.regular import write


def read(repository: Path, name: str, *cells: object) -> SourceFile | None:
    write(repository, name, json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    return notebook(repository, name)


def test_code_is_read_in_order_without_prose_and_outputs(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        "sub/a.ipynb",
        {"cell_type": "markdown", "source": ["# All tests passed"]},
        {"cell_type": "code", "source": ["import numpy\n", "x = 1"], "outputs": [{"text": "accuracy 99"}]},
        {"cell_type": "code", "source": " \n"},
        {"cell_type": "code", "source": "y = 2"},
    )
    assert file is not None
    assert file.path == "sub/a.ipynb"
    assert file.text == "# In [1]\nimport numpy\nx = 1\n\n# In [2]\ny = 2\n"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"cells": 3}',
        b'{"cells": []}',
        b'{"cells": [{"source": "x"}]}',
        b'{"cells": [{"cell_type": "code", "source": 3}]}',
        b'{"cells": [{"cell_type": "code", "source": [3]}]}',
        b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}',
        b'{"cells": [{"cell_type": "code", "source": "\xff"}]}',
        b"[" * 100_000,
    ],
)
def test_invalid_notebooks_and_notebooks_without_code_are_ignored(tmp_path: Path, text: bytes) -> None:
    write(tmp_path, "a.ipynb", text)
    assert notebook(tmp_path, "a.ipynb") is None


def test_other_files_and_huge_code_are_ignored(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "source": "x = 1"}
    assert read(tmp_path, "a.json", cell) is None
    assert read(tmp_path, "a.ipynb", {**cell, "source": "x = 1\n" * 100_000}) is None
