"""Reproduction: the trials of a repository, measured under a budget, and the paper's claims compared with them."""
