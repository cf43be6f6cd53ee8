"""Trainings told to MLflow: a mirror of what the registry and the bundles hold, which nothing waits for."""
