"""How long it takes from a kill to new work: the same command again, until it sends its first new call."""
