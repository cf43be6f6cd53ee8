"""Training in epochs: pictures in memory, the loop, and what it can go on from."""
