"""Bulk work on a Ray cluster: the same work, in the same order, with the same results as on one machine.

Nothing outside imports it before a command was told `--engine ray`, and nothing else imports Ray. What
travels is where pictures lie, and the bundle; what comes back is written by the command alone.
"""
