"""What one request, one row and one picture cost, for docs/scaling.md to compute from."""
