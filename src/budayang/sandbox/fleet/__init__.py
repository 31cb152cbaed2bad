"""Many simulated terminals at once: who stands where, how they talk, and what is done to them by a plan of faults."""
