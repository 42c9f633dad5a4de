"""A run is a folder: its steps, stores, events and summary."""
