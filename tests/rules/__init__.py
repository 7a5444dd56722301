"""What alerts and recorded series promise, proven by promtool for every stack."""
