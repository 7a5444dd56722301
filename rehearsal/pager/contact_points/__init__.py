"""How each kind of contact point is played: one module for each."""
