"""The wall: a stack's dashboards, who was told, and the drill that plays, drawn on this machine."""
