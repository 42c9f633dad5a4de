"""The planner's order decides claims earlier than the order of the code, and the section says so."""

from benchmarks.reproduction.measure import Reproduced, ReproductionResults, compare_orders
from benchmarks.reproduction.section import section


def test_the_planner_is_ahead_of_the_code_until_all_is_decided() -> None:
    found = tuple(compare_orders())
    assert all(each.planned > each.in_code_order for each in found)
    assert found[-1].planned == 1.0


def test_the_section_has_its_ratios() -> None:
    reproduced = (Reproduced(0.0, 0.1, 0.2, 0.5), Reproduced(4.0, 4.0, 4.4, 0.9))
    text = section(ReproductionResults(reproduced, tuple(compare_orders()))).render()
    assert "2.0 times as long in the sandbox" in text
    assert "1.10 times" in text
    assert "| 4 s | 1.10 | 90% | 4.00 | 4.40 |" in text
