#!/bin/busybox sh
# First program of the QEMU guest, in its initramfs: drivers, [the machine is saved here and resumed later], the host's
# root by 9p below a throwaway layer, then on in that root, in job.sh. /index and /tree lead to the modules.
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t devtmpfs dev /dev
while read -r m; do $b insmod "/mod/$m"; done </mod/order
$b stty -F /dev/ttyS0 raw -echo; $b stty -F /dev/ttyS2 raw; $b stty -F /dev/ttyS3 raw
# Nothing may be mounted by 9p when the machine is saved. The first byte that the resumed one reads may be lost.
if [ -n "$LAB_SNAPSHOT" ]; then echo ready >/dev/ttyS2; read -r _ </dev/ttyS0; fi
opt=trans=virtio,version=9p2000.L,msize=512000
$b mount -t 9p -o "ro,cache=none,$opt" job /job; . /job/env
[ -z "$LAB_SNAPSHOT" ] || $b date -s "@$LAB_DATE" >/dev/null
$b mount -t 9p -o "ro,cache=loose,$opt" root /lower
$b mount -t tmpfs up /up; $b mkdir /up/u /up/w /up/mu /up/mw
$b mount -t overlay -o lowerdir=/lower,upperdir=/up/u,workdir=/up/w overlay /new
cd /new; $b mkdir -p lib/modules
$b mount -t overlay -o lowerdir=/index:/tree,upperdir=/up/mu,workdir=/up/mw modules lib/modules
$b mount --move /proc proc; $b mount --move /dev dev; $b mount -t sysfs sys sys; $b mount -t tmpfs run run
$b mkdir -p dev/shm dev/pts; $b mount -t tmpfs shm dev/shm; $b mount -t devpts pts dev/pts
if [ -n "$LAB_RW" ]; then $b mkdir -p ".$LAB_RW"; $b mount -t 9p -o "cache=none,$opt" rw ".$LAB_RW"; fi
export LAB_DIR LAB_OUT=/dev/ttyS0 LAB_ERR=${LAB_SPLIT:+/dev/ttyS3} LAB_STATUS=/dev/ttyS2
# A real change of root, not only chroot: programs that the kernel starts (modprobe) are to see the same root.
$b mount --move . /; exec $b chroot . $b sh "$LAB_DIR/job.sh"
