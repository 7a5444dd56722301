"""What customers are promised of the store, and what of that is recorded."""
