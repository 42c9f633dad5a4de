"""How well PDFs are read, against the LaTeX that they were made from."""
