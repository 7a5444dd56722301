"""The simulated store, its mesh and its hosts, in one process that a drill can break."""
