"""One page a file; each has `register(web)`, which puts its routes up."""
