"""What a person types: one stack file, checked."""
