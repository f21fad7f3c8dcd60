"""Configuration → flaws: what in it does not do what its author thinks; ``rules/`` has one disease a file."""
