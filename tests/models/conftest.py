import os
from pathlib import Path

import pytest

from papercoder.models.catalog import PROVIDERS


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file, no variables, no keys, no logins."""
    known = {name for provider in PROVIDERS for name in provider.variables}
    for name in list(os.environ):
        if name in known or name.startswith("PAPERCODER_") or name.endswith(("_API_KEY", "_BASE_URL")):
            monkeypatch.delenv(name)
    monkeypatch.delenv("CODEX_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-configuration"))
