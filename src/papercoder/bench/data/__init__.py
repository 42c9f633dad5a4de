"""Data of public benchmarks: downloads, their folder and the lists of papers."""
