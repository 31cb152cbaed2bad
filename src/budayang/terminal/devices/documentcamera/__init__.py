"""The document camera (高拍仪)."""

from __future__ import annotations
