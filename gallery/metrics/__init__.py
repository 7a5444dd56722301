"""What is measured: labels, names, PromQL, recordings, probes."""
