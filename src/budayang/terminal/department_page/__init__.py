"""A department's own page on our screen (launch): a browser of its own, as a user of its own.

It reaches the department's hosts and nothing else. docs/mechanisms/launch.md.
"""

from __future__ import annotations
