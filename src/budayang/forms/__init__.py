"""Forms as JSON Schema: one page model and one validation for terminal, public page and center."""

from __future__ import annotations

from budayang.forms.pages import Choice, Field, page_model
from budayang.forms.validation import FormError, clean, flatten, id_number_problem, validate

__all__ = ["Choice", "Field", "FormError", "clean", "flatten", "id_number_problem", "page_model", "validate"]
