"""Papers on the page: sources, the reader process and the options of a new run."""
