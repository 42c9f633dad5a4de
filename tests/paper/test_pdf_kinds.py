"""Whole kinds of PDFs, from the generated inputs of the benchmark."""

import pytest
from benchmarks.reading.kinds.case import Case, outcome
from benchmarks.reading.kinds.pdf import cases

from papercoder.paper.pdf import reader


@pytest.mark.parametrize("case", tuple(cases()), ids=lambda case: f"{case.kind}, {case.name}")
def test_each_kind_is_read(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "available", lambda: False)
    assert outcome(case).failed == ()
