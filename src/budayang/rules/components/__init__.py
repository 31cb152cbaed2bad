"""The kinds of component, one module a subject. `rules.terminals` is the door: import from there."""
