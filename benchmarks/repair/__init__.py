"""How many planted defects checking finds before anything runs, and how many execution finds."""
