"""The running half of the rehearsal."""
