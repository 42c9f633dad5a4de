"""Models: providers, doubles that stand in for them, and the wrappers that every call goes through."""
