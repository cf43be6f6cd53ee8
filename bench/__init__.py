"""Benchmarks: `make bench` runs them. Each prints a table and writes bench/results/NAME.json."""
