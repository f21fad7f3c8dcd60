"""A kernel, its modules and its configuration, opened together: what programs call, and tools are made of."""
