"""Where generated code runs: isolated, capped, and ended with all that it started."""
