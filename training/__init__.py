"""Offline commands: ingest, train, evaluate, export, index, promote."""
