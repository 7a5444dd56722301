"""What a change does to whoever is on call: two rendered trees compared, in Markdown."""
