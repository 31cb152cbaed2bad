"""The room "maintenance": incidents, work orders, clocks and responsibility."""
