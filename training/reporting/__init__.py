"""What was measured, as pages that need no network: reports of a bundle, comparisons of two."""
