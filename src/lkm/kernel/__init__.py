"""The kernel: its interface, and the real one behind it. The only room that makes module system calls."""
