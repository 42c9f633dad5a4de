"""Planning: overall plan, requirements, architecture, logic, configuration (Paper2Code, section 3.1)."""
