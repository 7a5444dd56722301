"""The programs of a rehearsal on this machine: found, started, watched, stopped."""
