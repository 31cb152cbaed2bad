"""Amounts on public pages."""

from __future__ import annotations

from django import template

from budayang.rules import cases

register = template.Library()


@register.filter
def yuan(fen: int) -> str:
    """1250 → 12.50"""
    return cases.yuan(int(fen))
