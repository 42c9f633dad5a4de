"""LLM agents: prompts, answer formats, edits and what an agent reads."""
