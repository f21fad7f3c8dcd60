#!/bin/busybox sh
# First program of the User-Mode Linux guest. Its root is the host's, read-only; LAB_DIR holds this run's files.
# Makes the guest's root (the host's below a throwaway layer) and goes on there, in job.sh.
b=/bin/busybox mods=/usr/lib/uml/modules
. "$LAB_DIR/env"
$b insmod $mods/*/kernel/fs/overlayfs/overlay.ko
$b mount -t tmpfs up /mnt; $b mkdir /mnt/u /mnt/w /mnt/new
$b mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/new
cd /mnt/new; $b mkdir -p lib/modules; $b mount --bind .$mods lib/modules
$b mount -t proc proc proc; $b mount -t devtmpfs dev dev; $b mount -t sysfs sys sys; $b mount -t tmpfs run run
$b mkdir -p dev/shm dev/pts; $b mount -t tmpfs shm dev/shm; $b mount -t devpts pts dev/pts
if [ -n "$LAB_RW" ]; then $b mkdir -p ".$LAB_RW"; $b mount -t hostfs -o "$LAB_RW" rw ".$LAB_RW"; fi
$b stty -F dev/tty1 raw; [ -z "$LAB_SPLIT" ] || $b stty -F dev/tty2 raw
export LAB_OUT=/dev/tty1 LAB_ERR=${LAB_SPLIT:+/dev/tty2} LAB_STATUS=/dev/tty3
# A real change of root, not only chroot: programs that the kernel starts (modprobe) are to see the same root.
$b mount --move . /; exec $b chroot . $b sh "$LAB_DIR/job.sh"
