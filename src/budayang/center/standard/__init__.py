"""The room "standard": editions, clauses and conformity."""
