"""How long a comment may get."""

# GitHub refuses a comment above 65,536 characters (422); a character is up to four bytes.
LIMIT_BYTES = 60_000
