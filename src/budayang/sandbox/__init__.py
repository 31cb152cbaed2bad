"""The area in a box: department systems, devices, citizens, faults and a clock.

Never imported by center or terminal, and imports neither.
"""

from __future__ import annotations
