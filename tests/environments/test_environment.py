"""Which distribution brings what the code imports."""

import json
import subprocess
import sys
from pathlib import Path

from papercoder.artifacts import Outcome
from papercoder.environments.environment import SCRIPT, missing_modules, needed_modules

CODE = """
import os
import yaml
from src import model
import helpers
from google.cloud import storage
try:
    import wandb
except ImportError:
    wandb = None
if TYPE_CHECKING:
    import pandas
def late():
    try:
        import apex
    except Exception:
        pass
"""


def outcome(found: dict[str, list[str] | None], code: int = 0) -> Outcome:
    return Outcome(exit_code=code, seconds=1.0, output="a warning\n" + json.dumps(found) + "\n", sandbox="fake")


def test_imports_that_may_fail_and_the_repositorys_own_are_left_out(tmp_path: Path) -> None:
    files = {
        "main.py": CODE,
        "src/model.py": "import torch.nn\n",
        "lib/helpers.py": "import (",
        "tests/test_a.py": "import x",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert needed_modules(tmp_path) == {
        "yaml": "main.py",
        "google.cloud.storage": "main.py",
        "torch": "src/model.py",
    }


def test_absent_and_foreign_modules() -> None:
    imported = {"yaml": "main.py", "fitz": "src/a.py", "docx": "src/b.py", "cv2": "src/c.py"}
    found = {"yaml": ["PyYAML"], "fitz": None, "docx": ["docx"], "cv2": ["opencv-python-rolling"]}
    assert missing_modules(outcome(found), imported) == (
        "`fitz` is imported in src/a.py, but no installed package provides it; install `PyMuPDF`; "
        "`docx`, imported in src/b.py, comes from the package `docx`, a different project; install `python-docx`"
    )


def test_an_answer_that_cannot_be_read_holds_nothing_back() -> None:
    assert missing_modules(outcome({"fitz": None}, code=1), {"fitz": "a.py"}) == ""
    assert missing_modules(outcome({}).model_copy(update={"output": "Killed"}), {"fitz": "a.py"}) == ""


def test_the_script_tells_which_distribution_brings_a_module() -> None:
    names = ["yaml", "pydantic", "gone_module", "pydantic.BaseModel", "pydantic.gone.deeper"]
    command = [sys.executable, "-I", "-c", SCRIPT.read_text(), *names]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(shown) == {
        "yaml": ["PyYAML"],
        "pydantic": ["pydantic"],
        "gone_module": None,
        "pydantic.BaseModel": ["pydantic"],
        "pydantic.gone.deeper": None,
    }
