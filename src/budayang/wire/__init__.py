"""What terminals and center say to each other: frozen structs, limits, keys, numbers. Imports only `rules`."""

from __future__ import annotations
