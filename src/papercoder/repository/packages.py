"""Third-party packages: what a line of a requirements file may be, and which distribution carries which import."""

import ast
import sys
from collections.abc import Iterable, Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from papercoder.repository.syntax import parse

_DISTRIBUTIONS = {
    "Bio": "biopython",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "faiss": "faiss-cpu",
    "git": "GitPython",
    "google.protobuf": "protobuf",
    "gym_minigrid": "gym-minigrid",
    "igraph": "python-igraph",
    "imblearn": "imbalanced-learn",
    "jwt": "PyJWT",
    "Levenshtein": "python-Levenshtein",
    "magic": "python-magic",
    "mpl_toolkits": "matplotlib",
    "msgpack": "msgpack",
    "ot": "POT",
    "pl_bolts": "lightning-bolts",
    "pkg_resources": "setuptools",
    "pytorch_lightning": "pytorch-lightning",
    "rouge_score": "rouge-score",
    "sentence_transformers": "sentence-transformers",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "skopt": "scikit-optimize",
    "tensorflow_datasets": "tensorflow-datasets",
    "tensorflow_probability": "tensorflow-probability",
    "torch_geometric": "torch-geometric",
    "torch_scatter": "torch-scatter",
    "umap": "umap-learn",
    "usb": "pyusb",
    "yaml": "PyYAML",
}
"""Import name -> distribution, where they differ by more than `_` and `-`."""

_OTHERS = {
    "PIL": ("pillow-simd",),
    "cv2": ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "faiss": ("faiss-gpu", "faiss-gpu-cu12"),
    "jax": ("jaxlib",),
    "keras": ("tensorflow",),
    "matplotlib": ("pylab",),
    "pytorch_lightning": ("lightning",),
    "tensorboard": ("tensorflow",),
    "tensorflow": ("tensorflow-cpu", "tensorflow-gpu", "tensorflow-macos", "tf-nightly"),
    "tensorflow_datasets": ("tfds-nightly",),
    "onnxruntime": ("onnxruntime-gpu",),
    "mujoco_py": ("mujoco-py",),
    "ale_py": ("ale-py", "gymnasium"),
    "psycopg2": ("psycopg2-binary",),
    "pkg_resources": ("setuptools",),
    "igraph": ("igraph",),
    "Levenshtein": ("levenshtein",),
    "cupy": ("cupy-cuda11x", "cupy-cuda12x"),
    "xgboost": ("xgboost-cpu",),
}
"""Import name -> further distributions that carry it."""

_NOT_IMPORTED = frozenset(
    {"accelerate", "black", "flake8", "gdown", "hf-xet", "huggingface-hub", "hydra-core", "ipykernel", "ipython",
     "isort", "jaxlib", "jupyter", "jupyterlab", "kaleido", "lxml", "mypy", "ninja", "notebook", "openpyxl",
     "pip", "pre-commit", "protobuf", "pyarrow", "pylint", "pytest", "pytest-cov", "pytest-xdist", "ruff",
     "sentencepiece", "setuptools", "tabulate", "tensorboard", "tiktoken", "uv", "wheel", "xlrd"}
)  # fmt: skip
"""Distributions that other packages, or people, use without an import."""


def distribution_of(module: str) -> str:
    """The distribution that carries a top-level import."""
    return _DISTRIBUTIONS.get(module, module.replace("_", "-"))


def carriers(module: str) -> frozenset[str]:
    """The distributions, in canonical spelling, any of which brings a module by its dotted name."""
    top = module.partition(".")[0]
    two = ".".join(module.split(".")[:2])
    names = {top, distribution_of(top), *_OTHERS.get(top, ())}
    if top in {"google", "azure", "mpl_toolkits"} or two in _DISTRIBUTIONS:
        names |= {two.replace(".", "-"), two.replace(".", "-cloud-"), distribution_of(two)}
    return frozenset(canonicalize_name(name) for name in names)


def is_used_unseen(distribution: str) -> bool:
    """May a requirements file list it though no code imports it?"""
    name = canonicalize_name(distribution)
    return name in _NOT_IMPORTED or name.startswith(("types-", "pytest-", "nvidia-"))


def imported_as(line: str) -> str:
    """The top-level import that a line of a requirements file brings."""
    name = canonicalize_name(Requirement(line).name)
    known = (module for module, dist in _DISTRIBUTIONS.items() if canonicalize_name(dist) == name)
    return next(known, name.replace("-", "_"))


def package_problem(line: str) -> str | None:
    """Why this line may not stand in a requirements file, or None where it may."""
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return f"`{line[:80]}` is no line of a requirements file such as `numpy>=1.26`."
    if requirement.url:
        return f"`{line[:80]}` installs from an address; name a package and a version."
    if requirement.name.replace("-", "_") in sys.stdlib_module_names:
        return f"`{line[:80]}` is part of Python and is not installed."
    return None


def third_party_imports(code: str, local: Iterable[str]) -> Iterator[str]:
    """Top-level modules that a file imports, which are neither Python's own nor, by `local`, the repository's."""
    own = {*sys.stdlib_module_names, *local, "__future__"}
    for node in ast.walk(parse(code)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        else:
            continue
        yield from (top for name in names if (top := name.split(".")[0]) not in own)


def requirements_file(planned: Iterable[str], imported: Iterable[str]) -> str:
    """The lines of `requirements.txt`: what the code imports, as bounded by the plan, and what else was planned."""
    plans = {canonicalize_name(Requirement(line).name): line for line in planned if not package_problem(line)}
    needed = {canonicalize_name(distribution_of(module)): distribution_of(module) for module in imported}
    lines = [plans.get(name, needed[name]) for name in sorted(needed)]
    spare = [line for name, line in sorted(plans.items()) if name not in needed]
    if spare:
        lines += ["# planned, but imported nowhere:", *spare]
    return "\n".join(lines) + "\n" if lines else "# the standard library is enough\n"
