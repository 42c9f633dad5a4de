"""The order of the stages; `pipeline.py` reads like the figure of the paper. Ablations and bounded rounds beside it."""
