"""The cast of the services room for these tests."""

from __future__ import annotations

from tests.center.services_cast import city, jia, judged, new_terminal, open_departments, yi

__all__ = ["city", "jia", "judged", "new_terminal", "open_departments", "yi"]
