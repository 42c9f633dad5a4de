"""What LaTeX numbers and how it refers to it: counters, theorems, labels, and what the source declares about them."""
