"""Runs the `alert` example against real mail servers on loopback."""
