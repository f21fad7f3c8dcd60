"""One kernel image as evidence: what the kernel offers to modules, read without booting it."""
