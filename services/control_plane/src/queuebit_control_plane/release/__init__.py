"""Jobs that wait for their turn go on: each tenant in its turn, as much at once as its share of the lane."""
