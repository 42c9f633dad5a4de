"""Results of a bench: files, metrics, comparisons, plots and pages."""
