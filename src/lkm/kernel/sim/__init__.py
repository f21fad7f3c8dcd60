"""The simulated kernel: a world in one file, and the real kernel's rules for what may go into it."""
