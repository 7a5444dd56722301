"""What the Red Hat Gallery runs and promises: data, typed models and pure functions.

Nothing below this package imports pulumi, reads a file, the network or the clock.
"""
