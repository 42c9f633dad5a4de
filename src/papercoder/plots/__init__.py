"""Plots as SVG, for reports, benches and benchmarks."""
