"""All other touches of the operating system: files, trees on disk, processes."""
