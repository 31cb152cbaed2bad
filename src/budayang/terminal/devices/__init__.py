"""Peripherals: one package a kind, each a driver that speaks the device's own protocol; `table` says which there
are.
"""
