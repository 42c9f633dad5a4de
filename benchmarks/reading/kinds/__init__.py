"""How well small generated inputs are read, by kind: each kind is a fault that real papers showed."""
