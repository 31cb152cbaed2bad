"""The terminal's program: screens, devices, journey, outbox and uplink in one small Starlette process
(ARCHITECTURE, "The terminal").
"""
