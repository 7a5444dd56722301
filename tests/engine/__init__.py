"""The program on the real Pulumi engine, against stand-in providers on this machine."""
