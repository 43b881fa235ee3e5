"""What operators hold back: the register of holds, and the gate that it makes for the legs of jobs. Pure."""
