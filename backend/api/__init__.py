"""The HTTP service: app factory, settings, routes, schemas, errors. Thin."""
