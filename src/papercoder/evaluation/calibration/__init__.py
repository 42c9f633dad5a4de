"""Calibration: whether the scores of a judge can be trusted."""
