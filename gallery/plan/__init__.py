"""One stack, worked out."""
