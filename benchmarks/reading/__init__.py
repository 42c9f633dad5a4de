"""Quality of PDF reading, compared with the LaTeX source."""
