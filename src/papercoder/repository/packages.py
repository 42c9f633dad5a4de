"""Third-party packages: which distribution brings a module, and what a line of a requirements file may be.

The table of names, `import_names.txt`, holds public facts about PyPI; each row was checked against the files of the
distributions. Mappings that other tools ship were no alternative: pipreqs pins IPython and nbconvert, pigar brings a
database of 80 MB, deptry and FawltyDeps know only what is installed.
"""

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from rapidfuzz.distance import OSA

from papercoder.repository.files import parse

_TABLE = "import_names.txt"
_NAMESPACES = frozenset({"azure", "google", "mpl_toolkits", "mysql", "pyannote", "ruamel", "snowflake"})
"""Modules that several distributions share."""

_VERSION = re.compile(r"_v\d+\w*$")

_NOT_ON_PYPI = {
    "apex": "NVIDIA's apex is not on PyPI, and `apex` there is another project; use `torch.amp`.",
    "bleurt": "BLEURT is not on PyPI; use another metric, such as `bert-score`.",
    "clip": "OpenAI's CLIP is not on PyPI, and `clip` there is another project; use `clip-anytorch`.",
    "detectron2": "detectron2 is not on PyPI; use `torchvision.models.detection`.",
}
"""Module -> what to do: PyPI has no distribution of its authors."""

_WITHOUT_WHEELS = {
    "annoy": "faiss-cpu",
    "causal-conv1d": "torch.nn.Conv1d",
    "docopt": "argparse",
    "encodec": "transformers.EncodecModel",
    "fasttext": "fasttext-wheel",
    "flash-attn": "torch.nn.functional.scaled_dot_product_attention",
    "fvcore": "torch.utils.flop_counter",
    "gym": "gymnasium",
    "jieba": "rjieba",
    "langdetect": "lingua-language-detector",
    "llama-cpp-python": "transformers.AutoModelForCausalLM",
    "mamba-ssm": "transformers.MambaModel",
    "mmcv": "torchvision.ops",
    "openai-clip": "clip-anytorch",
    "openai-whisper": "transformers.WhisperForConditionalGeneration",
    "pesq": "pystoi",
    "pytorch3d": "trimesh",
    "torch-cluster": "torch_geometric.nn",
    "torch-scatter": "torch.scatter_reduce",
    "torch-sparse": "torch.sparse",
    "torch-spline-conv": "torch_geometric.nn",
}
"""Distribution, in canonical spelling -> an alternative.

In November 2026 `uv pip install --only-binary :all:` found no usable wheel of any of their versions on PyPI.
"""

_NOT_IMPORTED = frozenset(
    {"accelerate", "black", "flake8", "gdown", "hf-xet", "huggingface-hub", "hydra-core", "ipykernel", "ipython",
     "isort", "jaxlib", "jupyter", "jupyterlab", "kaleido", "lxml", "mypy", "ninja", "notebook", "openpyxl",
     "pip", "pre-commit", "protobuf", "pyarrow", "pylint", "pytest", "pytest-cov", "pytest-xdist", "ruff",
     "sentencepiece", "setuptools", "tabulate", "tensorboard", "tiktoken", "uv", "wheel", "xlrd"}
)  # fmt: skip
"""Distributions that other packages, or people, use without an import."""


@dataclass(frozen=True)
class _Row:
    """A module and the distributions that bring it, the usual one first."""

    module: str
    distributions: tuple[str, ...]
    is_main: bool
    """Whether the module is the main one of its first distribution."""


@cache
def _table() -> dict[str, _Row]:
    text = resources.files("papercoder.repository").joinpath(_TABLE).read_text(encoding="utf-8")
    rows = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            module, *distributions = line.removeprefix("+").split()
            rows[module] = _Row(module, tuple(distributions), not line.startswith("+"))
    return rows


def distribution_of(module: str) -> str:
    """The distribution to install for a module, given by its dotted name."""
    return next(iter(distributions_of(module)), module.partition(".")[0])


def distributions_of(module: str) -> tuple[str, ...]:
    """All distributions that bring a module, the usual one first; none if its authors' package is not on PyPI."""
    parts = module.split(".")
    for length in (3, 2, 1):
        if row := _table().get(".".join(parts[:length])):
            return row.distributions
    if parts[0] in _NAMESPACES and len(parts) > 1:
        return "-".join(_VERSION.sub("", part) for part in parts[:3]), "-".join(parts[:2])
    return () if parts[0] in _NOT_ON_PYPI else (parts[0].replace("_", "-"),)


def is_brought(module: str, distributions: Collection[str]) -> bool:
    """Whether any of these distributions, in canonical spelling, brings a module by its dotted name.

    Of a namespace that many distributions share, such as `google.cloud`, any whose name begins with it counts.
    """
    top = module.partition(".")[0]
    if any(canonicalize_name(name) in distributions for name in distributions_of(module)):
        return True
    is_open = top in _NAMESPACES and not any(".".join(module.split(".")[:length]) in _table() for length in (2, 3))
    return is_open and any(name.startswith(f"{top}-") for name in distributions)


def is_used_unseen(distribution: str) -> bool:
    """Whether a requirements file may list it though no code imports it."""
    name = canonicalize_name(distribution)
    return name in _NOT_IMPORTED or name.startswith(("types-", "pytest-", "nvidia-"))


def imported_as(line: str) -> str:
    """The main module that a line of a requirements file brings."""
    name = canonicalize_name(Requirement(line).name)
    rows = (row for row in _table().values() if row.is_main and "." not in row.module)
    brought = [row for row in rows if name in map(canonicalize_name, row.distributions)]
    first = (row.module for row in brought if canonicalize_name(row.distributions[0]) == name)
    return next(first, brought[0].module if brought else name.replace("-", "_"))


def package_problem(line: str) -> str | None:
    """Why this line may not be in a requirements file, or None if it may."""
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return f"`{line[:80]}` is not a valid line of a requirements file such as `numpy>=1.26`."
    if requirement.url:
        return f"`{line[:80]}` installs from an address; name a package and a version."
    if "$" in line:  # pip would replace `${NAME}` by a variable of the user's
        return f"`{line[:80]}` contains a variable; name a package and a version."
    if requirement.name.replace("-", "_") in sys.stdlib_module_names:
        return f"`{line[:80]}` is part of Python and is not installed."
    return None


def name_problem(distribution: str) -> str | None:
    """Why a requirement does not install what its name suggests, or None if it does.

    It is the name of a module whose distribution has another name, or the authors' package is not on PyPI.
    """
    if reason := foreign(distribution):
        return reason
    name = canonicalize_name(distribution)
    row = next((row for module, row in _table().items() if canonicalize_name(module) == name), None)
    if row is None or name in map(canonicalize_name, row.distributions):
        return None
    others = f" (or `{'`, `'.join(row.distributions[1:])}`)" if row.distributions[1:] else ""
    return f"`{distribution}` is the name of a module; its package is `{row.distributions[0]}`{others}."


def popular_name_meant(distribution: str) -> str | None:
    """The popular package that a distribution's name is one edit away from; None if it is known, or close to none.

    Edits are inserting, deleting, replacing and swapping letters. Short names are close to too many others.
    """
    name = canonicalize_name(distribution)
    if name in _known() or len(name) < _SHORTEST:
        return None
    near = (known for known in _popular() if len(known) >= _SHORTEST and OSA.distance(name, known, score_cutoff=1) == 1)
    return next(near, None)


_SHORTEST = 5
"""Letters of names that are compared."""


@cache
def _popular() -> tuple[str, ...]:
    text = resources.files("papercoder.repository").joinpath("popular_packages.txt").read_text(encoding="utf-8")
    return tuple(name for line in text.splitlines() if not line.startswith("#") for name in line.split())


@cache
def _known() -> frozenset[str]:
    listed = (name for row in _table().values() for name in row.distributions)
    return frozenset(map(canonicalize_name, (*_popular(), *listed, *_NOT_IMPORTED, *_WITHOUT_WHEELS)))


def foreign(module: str) -> str | None:
    """What to use in place of a module whose authors have no package on PyPI; None for any other."""
    return _NOT_ON_PYPI.get(module.partition(".")[0].replace("-", "_"))


def without_wheels(distribution: str) -> str | None:
    """An alternative to a distribution that is known to have no wheels, so that it cannot be installed; else None.

    The list is short and cannot be complete: only the package index knows.
    """
    return _WITHOUT_WHEELS.get(canonicalize_name(distribution))


def imported_modules(node: ast.Import | ast.ImportFrom) -> tuple[str, ...]:
    """The modules that a statement imports, as far as they say which distribution brings them.

    `torch` for `import torch.nn`, but `google.cloud.storage` for `from google.cloud import storage`.
    """
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif node.module and not node.level:
        is_shared = node.module.partition(".")[0] in _NAMESPACES
        names = [f"{node.module}.{alias.name}" for alias in node.names] if is_shared else [node.module]
    else:
        return ()
    return tuple(".".join(name.split(".")[: 3 if name.partition(".")[0] in _NAMESPACES else 1]) for name in names)


def third_party_imports(code: str, local: Iterable[str]) -> Iterator[str]:
    """The modules that a file imports and that are neither Python's own nor, by `local`, the repository's."""
    own = {*sys.stdlib_module_names, *local, "__future__"}
    return (name for name in _all_imports(code) if name.partition(".")[0] not in own)


@lru_cache(maxsize=256)
def _all_imports(code: str) -> tuple[str, ...]:
    """The modules that a file imports; a run asks for those of the same files again and again."""
    imports = (node for node in ast.walk(parse(code)) if isinstance(node, ast.Import | ast.ImportFrom))
    return tuple(name for node in imports for name in imported_modules(node))


def needed_imports(code: str, local: Iterable[str]) -> Iterator[str]:
    """As `third_party_imports`, without imports in a `try` that expects them to fail, or for type checkers only."""
    yield from third_party_imports(ast.unparse(_WithoutOptional().visit(parse(code))), local)


class _WithoutOptional(ast.NodeTransformer):
    """Removes the code whose imports may fail."""

    def visit_Try(self, node: ast.Try) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        kinds = [ast.unparse(handler.type) if handler.type else "Exception" for handler in node.handlers]
        expects_failure = any(re.search(r"\b(?:ImportError|ModuleNotFoundError|Exception)\b", kind) for kind in kinds)
        return [ast.Pass(), *node.orelse, *node.finalbody] if expects_failure else node

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return [ast.Pass(), *node.orelse] if ast.unparse(node.test).endswith("TYPE_CHECKING") else node


def requirements_file(planned: Iterable[str], imported: Iterable[str]) -> str:
    """The lines of `requirements.txt`: what the code imports, bounded by the plan, and what else was planned."""
    sound = (line for line in planned if not package_problem(line))
    named = ((str(canonicalize_name(Requirement(line).name)), line) for line in sound)
    plans = {name: line for name, line in named if not name_problem(name)}
    needed: dict[str, str] = {}
    absent: list[str] = []
    for module in imported:
        brought = [name for name in plans if is_brought(module, {name})]
        if names := brought or distributions_of(module):
            needed[canonicalize_name(names[0])] = plans.get(names[0], names[0])
        else:
            absent.append(f"# {foreign(module)}")
    lines = [*dict.fromkeys(absent), *(needed[name] for name in sorted(needed))]
    spare = [line for name, line in sorted(plans.items()) if name not in needed]
    if spare:
        lines += ["# planned, but imported nowhere:", *spare]
    return "\n".join(lines) + "\n" if lines else "# the standard library is enough\n"
