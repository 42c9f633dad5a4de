"""The MCP server: coding agents read papers and runs, execute repositories, and answer a run's requests."""
