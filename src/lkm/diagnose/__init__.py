"""Why did, or would, a module not load? Evidence in, findings out: pure rules, one disease a file."""
