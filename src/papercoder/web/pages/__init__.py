"""The pages; each has a function that registers its routes, and tabs that belong together share a file."""
