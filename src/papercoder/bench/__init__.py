"""Many papers at once: from a manifest to results that can be compared."""
