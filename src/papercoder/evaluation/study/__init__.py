"""Human evaluation: people compare repositories of a paper without knowing who made them (Paper2Code, section 4.2)."""
