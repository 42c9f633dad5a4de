"""The web server: access control, layout and shared state."""
