"""A real mesh beside the simulated store: istiod, an Envoy for each workload, and who may ask."""
