"""A generated repository as files: paths, packages, traceability, configuration text and git history."""
