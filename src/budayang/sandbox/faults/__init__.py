"""Faults whose truth is known: what is done to a simulated fleet, and what an honest center must have found."""
