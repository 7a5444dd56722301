"""What each kind of panel shows, before anything is drawn."""
