"""Public sets of animal pictures, fetched by name."""
