"""Containers that module files and kernel images come in: ELF and compression. Pure: bytes in, facts out."""
