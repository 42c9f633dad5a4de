"""The order of the stages, which `pipeline.py` shows; its ablations; the bounded rounds of review and repair."""
