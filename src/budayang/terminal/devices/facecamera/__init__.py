"""The camera before which a person stands, and the engine that compares a face with a card's photo."""

from __future__ import annotations
