"""Diagnosis: why measured results differ from the paper's, and which reading of the paper explains them."""
