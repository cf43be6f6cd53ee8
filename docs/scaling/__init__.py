"""What requests and pictures need, many or few, from what was measured: the tables of docs/scaling.md."""
