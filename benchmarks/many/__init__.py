"""Many papers at once on one machine: in one process, and on a local Ray cluster of two nodes."""
