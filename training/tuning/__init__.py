"""The search for a recipe: what may be chosen, the trials, and the processes that share them."""
