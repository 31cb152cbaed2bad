"""Pure tables and functions that center and terminal share: standard library only, ``now`` is an argument, a verdict
carries its reason.
"""

from __future__ import annotations
