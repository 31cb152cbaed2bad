"""The center's commands at the terminal: checked, announced, carried out once, told of."""

from __future__ import annotations

from budayang.terminal.commands.obey import Commands

__all__ = ["Commands"]
