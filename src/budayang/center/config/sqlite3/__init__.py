"""Django's SQLite database that waits for its write lock as this center needs it; see `base`."""
