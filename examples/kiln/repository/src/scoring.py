"""Accuracy, its mean and spread over the draws, wins draw by draw, and rows of results.json ([3¶1], [3¶3])."""

from __future__ import annotations

import numpy as np

from src.digits_data import LabelDraw


def accuracy_percent(predicted: np.ndarray, labels: np.ndarray, draw: LabelDraw) -> float:
    """Share of right predictions in percent; predicted (n - C l,) is aligned with draw.unlabelled [3¶1]."""
    if predicted.shape != draw.unlabelled.shape:
        raise ValueError(f"{predicted.shape} predictions for {draw.unlabelled.shape} unlabelled points")
    # R35: transductive, measured on exactly the n - C l unlabelled points [3¶1]
    return float(100.0 * np.mean(predicted == labels[draw.unlabelled]))


def summarise(values: list[float], ddof: int) -> tuple[float, float]:
    """Mean and standard deviation of one number a draw; the divisor is their count less ddof [3¶1]."""
    if not values:
        raise ValueError("there are no values to summarise")
    # R36: mean and population standard deviation (ddof of the configuration) over the seeds [3¶1]
    return float(np.mean(values)), float(np.std(values, ddof=ddof))


def count_wins(first: list[float], second: list[float]) -> int:
    """In how many draws the first method is better; the lists are aligned by seed [3¶3]."""
    # R44: strictly higher accuracy on the same draw; equal accuracies are no win [3¶3]
    return sum(1 for ours, theirs in zip(first, second, strict=True) if ours > theirs)


def result_row(
    claim: str | None,
    experiment: str,
    method: str,
    dataset: str,
    metric: str,
    mean: float,
    std: float | None,
    seeds: int,
) -> dict:
    """A row of results.json; std is None for numbers that are no mean over draws."""
    return {
        "claim": claim,
        "experiment": experiment,
        "method": method,
        "dataset": dataset,
        "metric": metric,
        "mean": float(mean),
        "std": None if std is None else float(std),
        "seeds": int(seeds),
    }
