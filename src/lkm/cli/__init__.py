"""Command lines: argv[0] or the first word chooses one tool module, which alone is imported."""
