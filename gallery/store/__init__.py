"""What the store is: its services and their call graph, its companions, its roles."""
