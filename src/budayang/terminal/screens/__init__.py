"""What a person sees and touches at the terminal: templates, styles, small scripts, and the pages that draw them."""

from __future__ import annotations
