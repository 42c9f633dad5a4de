"""Data of public benchmarks: downloads, archives and the lists of papers."""
