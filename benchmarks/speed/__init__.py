"""How long a run takes, and what tokens and dollars, beside the serial reference."""
