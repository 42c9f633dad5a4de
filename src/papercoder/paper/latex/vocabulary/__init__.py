"""The commands, environments and symbols of LaTeX and its packages that the reader knows."""
