"""`make bench`: what slicing costs, what frame algorithms cost, and what moving their frames does."""
