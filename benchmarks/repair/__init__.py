"""How many planted defects static checks find, and how many execution finds."""
