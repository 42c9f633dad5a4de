"""The files that the code needs to run: the runner, its command, scripts, packages, claims. No model is called.

Functions named `bare` are for code without a configuration and trials, and so without a complete design.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

from papercoder.artifacts import SourceFile
from papercoder.artifacts.design import ENTRY, EXPERIMENTS, Design
from papercoder.repository.claims_file import CLAIMS, claims_json
from papercoder.repository.packages import requirements_file, third_party_imports
from papercoder.repository.paths import RUNNER

_MAIN = """\
\"\"\"Runs the experiments; `python main.py --help` lists the options.\"\"\"

import sys

from trials import main

if __name__ == "__main__":
    sys.exit(main("{module}"))
"""
_IGNORED = "__pycache__/\n.venv/\nresults/smoke/\n*.checkpoint\n*.part\n"
_BARE_IGNORED = "__pycache__/\n.venv/\nresults.json\n"


def equipment(design: Design, code: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """`main.py`, `trials.py`, `claims.json`, `requirements.txt`, `reproduce.sh`, package markers, `.gitignore`."""
    module = f"{design.package}.{EXPERIMENTS.removesuffix('.py')}"
    runner = SourceFile(path=RUNNER, text=shipped(RUNNER))
    return (
        SourceFile(path=ENTRY, text=_MAIN.format(module=module)),
        runner,
        SourceFile(path=CLAIMS, text=claims_json(design.claims)),
        SourceFile(path="requirements.txt", text=requirements_txt(design.logic.packages, (*code, runner))),
        SourceFile(path="reproduce.sh", text=shipped("reproduce.sh")),
        SourceFile(path=".gitignore", text=_IGNORED),
        *(SourceFile(path=path, text="") for path in package_markers(code)),
    )


def bare_equipment(packages: tuple[str, ...], code: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """The same for bare code, which has its own `main.py`; `packages` are the planned packages."""
    script = (SourceFile(path="reproduce.sh", text=shipped("reproduce_bare.sh")),)
    return (
        SourceFile(path="requirements.txt", text=requirements_txt(packages, code)),
        *(script if any(file.path == ENTRY for file in code) else ()),
        SourceFile(path=".gitignore", text=_BARE_IGNORED),
        *(SourceFile(path=path, text="") for path in package_markers(code)),
    )


@cache
def shipped(name: str) -> str:
    """The text of a file that every repository gets."""
    return files("papercoder.stages.packaging.shipped").joinpath(name).read_text(encoding="utf-8")


def requirements_txt(packages: tuple[str, ...], files: tuple[SourceFile, ...]) -> str:
    """`requirements.txt`, from the planned packages and the actual imports."""
    local = {PurePosixPath(file.path).parts[0].removesuffix(".py") for file in files}
    code = (file for file in files if file.path.endswith(".py") and not file.path.startswith("tests/"))
    return requirements_file(packages, (name for file in code for name in _imports(file, local)))


def _imports(file: SourceFile, local: set[str]) -> Iterator[str]:
    try:
        yield from third_party_imports(file.text, local)
    except SyntaxError:
        return  # edited by the user; the planned packages must suffice


def package_markers(files: tuple[SourceFile, ...]) -> tuple[str, ...]:
    """The missing `__init__.py` files of folders with code, except tests."""
    code = [file.path for file in files if file.path.endswith(".py") and not file.path.startswith("tests/")]
    folders = {parent for path in code for parent in PurePosixPath(path).parents if parent.parts}
    return tuple(sorted(path for folder in folders if (path := f"{folder}/__init__.py") not in code))
