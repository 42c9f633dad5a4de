"""Rubrics for tests."""

from papercoder.artifacts import Rubric, TaskCategory


def leaf(name: str, weight: float = 1, category: TaskCategory = "Code Development", text: str = "") -> Rubric:
    """A leaf, which asks for itself where nothing else is said."""
    return Rubric(id=name, requirements=text or f"{name} is there.", weight=weight, task_category=category)


def node(name: str, *parts: Rubric, weight: float = 1) -> Rubric:
    """A node with these parts."""
    return Rubric(id=name, requirements=f"All of {name} is there.", weight=weight, sub_tasks=parts)


TREE = node(
    "root",
    node("method", leaf("a", 1), leaf("b", 3), weight=2),
    node("experiment", leaf("c", 1), leaf("run", 1, "Code Execution"), leaf("table", 2, "Result Analysis"), weight=6),
)
"""Two parts of 2 and 6; code is a and b of 1 and 3, and c, which is a quarter of the second part."""
