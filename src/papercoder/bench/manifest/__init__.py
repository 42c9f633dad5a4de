"""The manifest of a bench: papers, variants, models, repeats and judges."""
