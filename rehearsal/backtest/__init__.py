"""What changed rules would have told in the past: when, for how long, and whom."""
