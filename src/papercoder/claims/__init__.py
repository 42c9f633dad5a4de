"""Claims of papers compared with measurements: intervals, verdicts and orderings."""
