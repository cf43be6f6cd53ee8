"""What may be wrong with a task's pictures: how they look, what they show, and what they are called."""
