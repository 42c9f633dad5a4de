"""What the Hugging Face Hub, Zenodo, figshare and OpenML would answer, from a server on this machine."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from papercoder.artifacts import DataSource
from tests.server import Server

COMMIT = "c0ffee" * 6 + "beef"


def source(**changes: Any) -> DataSource:
    """A data set of the Hub, as planning lists it."""
    fields: dict[str, Any] = {
        "name": "dots",
        "kind": "hf_dataset",
        "id": "someone/dots",
        "anchor": "2¶1",
        "quote": "on dots",
        "fallback": "synthetic",
        "requirements": ("R2",),
    }
    return DataSource(**{**fields, **changes})


def serve_json(server: Server, path: str, value: object) -> None:
    """Answer a path with JSON."""
    server.files[path] = json.dumps(value).encode()


def serve_repository(
    server: Server, files: Mapping[str, bytes], kind: str = "dataset", repository: str = "someone/dots"
) -> None:
    """Serve a repository of the Hub: one commit, as `main` and under its hash. `.parquet` files are in LFS."""
    siblings = []
    for name, content in files.items():
        large = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        is_large = name.endswith(".parquet")
        siblings.append(
            {"rfilename": name, "size": len(content), "blobId": blob, **({"lfs": large} if is_large else {})}
        )
        prefix = "/datasets" if kind == "dataset" else ""
        server.files[f"{prefix}/{repository}/resolve/{COMMIT}/{name}"] = content
    answer = {"id": repository, "sha": COMMIT, "siblings": siblings, "gated": False, "cardData": {"license": "mit"}}
    for revision in ("main", COMMIT):
        serve_json(server, f"/api/{kind}s/{repository}/revision/{revision}?blobs=true", answer)


def serve_error(server: Server, path: str, code: int, name: str) -> None:
    """Answer a path with an error, as the Hub names it."""
    server.errors[path] = code
    server.more[path] = {"X-Error-Code": name}


def resolve(name: str, kind: str = "dataset", repository: str = "someone/dots") -> str:
    """The path of a file in the served repository."""
    return f"{'/datasets' if kind == 'dataset' else ''}/{repository}/resolve/{COMMIT}/{name}"
