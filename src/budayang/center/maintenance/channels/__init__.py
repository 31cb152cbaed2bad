"""Ways out of the house: what each kind of channel asks for (`kinds`), and how it sends."""
