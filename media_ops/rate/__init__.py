"""How many bits a result may have, shared over its segments."""
