"""Throwaway real kernels (User-Mode Linux, QEMU) that run as an ordinary process."""
