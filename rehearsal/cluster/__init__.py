"""A real Kubernetes API, to which a stack's objects are given as they are declared."""
