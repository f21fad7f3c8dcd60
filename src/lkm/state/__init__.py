"""Texts of /proc, /sys and the kernel log → what the kernel holds now. Pure."""
