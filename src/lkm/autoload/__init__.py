"""When is a module loaded, and when does it go? Events in, actions out: pure; no clock, no I/O."""
