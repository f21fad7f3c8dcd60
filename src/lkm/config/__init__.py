"""Configuration text (modprobe.d, depmod.d, kernel command line) → directives with their origin → settings. Pure."""
