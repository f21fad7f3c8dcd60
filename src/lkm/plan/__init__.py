"""Request + index + settings + state → a plan, which is a value; and the progress of its execution. Pure."""
