"""The examples of chapter 5 of the Linux Loadable Kernel Module HOWTO, and where the tour plays each."""

from __future__ import annotations

from lkm.record import Record


class Example(Record):
    """What the text of a section has typed or described, the tour's section and command, the lines that it shows.

    ``lines`` are to be below the command, next to each other and to the byte.
    """

    section: str
    typed: str
    tour: str
    command: str
    lines: tuple[str, ...] = ()


EXAMPLES = (
    Example("5", "insmod serial.o", "5.0", "lkm insmod serial.o"),
    Example(
        "5",
        "insmod msdos.o",
        "5.0",
        "lkm insmod msdos.o",
        (
            "msdos.o: unresolved symbol fat_date_unix2dos",
            "msdos.o: unresolved symbol fat_add_cluster1",
            "msdos.o: unresolved symbol fat_put_super",
        ),
    ),
    Example("5", "'fat_date_unix2dos' is nowhere in the list", "5.0", "lkm sim proc ksyms | grep fat_date_unix2dos"),
    Example(
        "5",
        "cat /proc/ksyms",
        "5.0",
        "lkm sim proc ksyms | grep fat_date_unix2dos",
        ("c8807060 fat_date_unix2dos\t[fat]",),
    ),
    Example("5", "/proc/kallsyms", "5.0", "lkm sim proc kallsyms"),
    Example("5", "insmod fat.o", "5.0", "lkm insmod fat.o"),
    Example(
        "5",
        "both LKMs are loaded and one depends on the other",
        "5.0",
        "lkm sim proc modules",
        (
            "msdos                   5632   0 (unused)",
            "fat                    30400   0 [msdos]",
        ),
    ),
    Example(
        "5",
        "symbols look like fat_date_unix2dos_R83fb36a1",
        "5.0",
        "lkm insmod msdos-r.o",
        ("msdos-r.o: unresolved symbol fat_date_unix2dos_R83fb36a1",),
    ),
    Example(
        "5",
        "kernel/module version mismatch",
        "5.0",
        "lkm insmod serial-2.2.19.o",
        ("serial-2.2.19.o: kernel-module version mismatch",),
    ),
    Example("5", "insmod ne.o io=0x300 irq=11", "5.0", "lkm insmod ne.o io=0x300 irq=11"),
    Example("5", "rmmod ne", "5.0", "lkm rmmod ne"),
    Example("5", "lsmod", "5.0", "lkm lsmod"),
    Example(
        "5.1",
        "insmod usbcore.o",
        "5.1",
        "lkm insmod usbcore.o",
        ("usbcore.o: couldn't find the kernel version this module was compiled for",),
    ),
    Example("5.1", "see what insmod is seeing", "5.1", "grep -c kernel_version serial.o usbcore.o", ("usbcore.o:0",)),
    Example("5.1", "the file is not in fact an LKM", "5.1", "lkm modinfo usbcore.o", ("license:     <none>",)),
    Example("5.2", "the driver doesn't find any device", "5.2", "lkm insmod ne.o"),
    Example("5.2", "/proc/devices", "5.2", "lkm sim proc devices", ("  4 ttyS",)),
    Example("5.2", "/proc/interrupts", "5.2", "lkm sim interrupts", (" 11:          0          XT-PIC  ne",)),
    Example("5.2", "kernel messages (dmesg)", "5.2", "lkm sim log"),
    Example("5.2", "a list of guesses from insmod", "5.2", "lkm insmod 3c59x.o"),
    Example("5.2", "/proc/net/dev", "5.2", "lkm sim net dev"),
    Example("5.2", "the filesystem type named msdos", "5.2", "lkm sim proc filesystems", ("\tmsdos",)),
    Example(
        "5.3",
        "depmod generates modules.dep",
        "5.3",
        "grep msdos world.root/lib/modules/2.4.2-2/modules.dep",
        ("/lib/modules/2.4.2-2/kernel/fs/msdos/msdos.o:\t/lib/modules/2.4.2-2/kernel/fs/fat/fat.o",),
    ),
    Example("5.3", "depmod", "5.3", "lkm depmod"),
    Example("5.3", "modprobe msdos", "5.3", "lkm modprobe msdos"),
    Example(
        "5.3",
        "before that does an insmod of fat.o",
        "5.3",
        "lkm modprobe -n -v msdos",
        (
            "/sbin/insmod /lib/modules/2.4.2-2/kernel/fs/fat/fat.o",
            "/sbin/insmod /lib/modules/2.4.2-2/kernel/fs/msdos/msdos.o",
        ),
    ),
    Example("5.3", "modprobe eth0", "5.3", "lkm modprobe eth0"),
    Example("5.3", "remove stacks of LKMs", "5.3", "lkm modprobe -r msdos"),
    Example("5.3", "fine tune the dependencies", "5.3", "echo 'below lp parport_pc' >>world.root/etc/modules.conf"),
    Example("5.3", "specify programs to run", "5.3", "lkm modprobe lp", ("lp can print now",)),
    Example("5.3", "raw insmods in a startup script", "5.3", "sh rc.modules"),
    Example(
        "5.4.1",
        "a file in an MS-DOS filesystem",
        "5.4.1",
        "lkm sim mount msdos",
        ("request_module: /sbin/modprobe -s -k -- msdos", "mount: served by msdos"),
    ),
    Example(
        "5.4.1",
        "the autoclean flag set",
        "5.4.1",
        "lkm sim proc modules",
        ("msdos                   5632   1 (autoclean)",),
    ),
    Example("5.4.1", "by default /sbin/modprobe", "5.4.1", "lkm sim proc sys/kernel/modprobe", ("/sbin/modprobe",)),
    Example(
        "5.4.1",
        'echo "sbin/mymodprobe" >/proc/sys/kernel/modprobe',
        "5.4.1",
        'lkm sim proc sys/kernel/modprobe "$PWD/mymodprobe"',
    ),
    Example(
        "5.4.1",
        "HOME=/; TERM=linux; PATH=/sbin:/usr/sbin:/bin:/usr/bin",
        "5.4.1",
        "lkm sim mount vfat",
        ("arguments: -s -k -- vfat", "HOME=/", "TERM=linux", "PATH=/sbin:/usr/sbin:/bin:/usr/bin"),
    ),
    Example(
        "5.4.1", "an optional part of the Linux kernel", "5.4.1", "lkm sim mount vfat", ("mount: No such device", "")
    ),
    Example("5.4.1", "alias eth0 3c59x", "5.4.1", "cat world.root/etc/modules.conf", ("alias eth0 3c59x",)),
    Example(
        "5.4.1",
        "char-major-N",
        "5.4.1",
        "lkm sim open /dev/lp0",
        ("request_module: /sbin/modprobe -s -k -- char-major-6", "open: served by lp"),
    ),
    Example(
        "5.4.1",
        "block-major-N",
        "5.4.1",
        "lkm sim open /dev/fd0",
        ("request_module: /sbin/modprobe -s -k -- block-major-2", "open: served by floppy"),
    ),
    Example(
        "5.4.1",
        "the interface name (eth0)",
        "5.4.1",
        "lkm sim ifup eth0",
        ("request_module: /sbin/modprobe -s -k -- eth0", "ifup: served by 3c59x"),
    ),
    Example("5.4.1", "ppp0", "5.4.1", "lkm sim ifup ppp0", ("request_module: /sbin/modprobe -s -k -- ppp0",)),
    Example(
        "5.4.1", "net-pf-N", "5.4.1", "lkm sim socket ipx", ("request_module: /sbin/modprobe -s -k -- net-pf-4",)
    ),
    Example("5.4.1", "nfsd", "5.4.1", "lkm sim request nfsd", ("request_module: /sbin/modprobe -s -k -- nfsd",)),
    Example("5.4.1", "ide-disk", "5.4.1", "lkm sim request ide-disk"),
    Example("5.4.2", "the --autoclean option", "5.4.2", "lkm insmod --autoclean msdos.o"),
    Example(
        "5.4.2",
        "the legend autoclean",
        "5.4.2",
        "lkm sim proc modules",
        (
            "msdos                   5632   0 (autoclean) (unused)",
            "fat                    30400   0 (autoclean) [msdos]",
        ),
    ),
    Example("5.4.2", "rmmod --all", "5.4.2", "lkm rmmod --all"),
    Example("5.4.2", "typically 1 minute", "5.4.2", "lkm sim clock +60s"),
    Example("5.4.2", "a cron job", "5.4.2", "echo '* * * * * root /sbin/rmmod --all' >>world.root/etc/crontab"),
    Example("5.5", "cat /proc/modules", "5.5", "lkm sim proc modules", ("serial                 24484   0",)),
    Example("5.5", "any name you like with an option on insmod", "5.5", "lkm insmod -o com3 serial.o"),
    Example("5.5", "open devices", "5.5", "lkm sim open /dev/ttyS0", ("open: served by serial",)),
    Example("5.5", "cannot remove an LKM unless the use count is zero", "5.5", "lkm rmmod serial"),
    Example(
        "5.5",
        "-1 in the use count column",
        "5.5",
        "lkm sim proc modules",
        ("af_packet               8104  -1 (unused)",),
    ),
    Example(
        "5.5",
        "lp and parport",
        "5.5",
        "lkm sim proc modules",
        (
            "lp                      5280   0 (unused)",
            "parport_pc              7552   1",
            "parport                 7600   1 [lp parport_pc]",
        ),
    ),
    Example("5.5", "You cannot unload an LKM that has dependencies", "5.5", "lkm rmmod parport"),
    Example("5.5", "by unloading the dependent LKMs", "5.5", "lkm rmmod lp parport_pc parport"),
    Example(
        "5.5",
        "deleted state",
        "5.5",
        "lkm sim proc modules",
        ("mydriver                8154   0 (deleted)",),
    ),
    Example("5.5", "no longer load LKMs that depend on it", "5.5", "lkm insmod msdos.o"),
    Example("5.5", "initializing", "5.5", "lkm sim proc modules", ("parport                 7600 (initializing)",)),
    Example("5.5", "uninitialized", "5.5", "lkm sim proc modules", ("serial                 24484 (uninitialized)",)),
    Example("5.6", "uname --release", "5.6", "lkm sim proc sys/kernel/osrelease", ("2.4.2-2",)),
    Example(
        "5.6", "one subdirectory for each version of the kernel", "5.6", "ls world.root/lib/modules", ("2.4.2-2",)
    ),
    Example("5.6", "a subdirectory of /boot", "5.6", "echo 'path=/boot/2.4.2-2' >world.root/etc/modules.conf"),
    Example(
        "5.6",
        "LKMs together with the base kernel",
        "5.6",
        "lkm modprobe -v msdos",
        ("/sbin/insmod /boot/2.4.2-2/fs/fat/fat.o", "/sbin/insmod /boot/2.4.2-2/fs/msdos/msdos.o"),
    ),
)
#: The HOWTO's line for serial has two blanks more than kernel/module.c ever wrote (``%-20s%8lu%4ld``); those of its
#: other lines are the kernel's.
ODD = ("serial                   24484   0", "serial                 24484   0")
