"""How long a run takes and how many prompt tokens it sends, beside the serial reference."""
