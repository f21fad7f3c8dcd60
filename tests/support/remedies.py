"""Every command that findings advise: how it is tried on a real kernel, or why it is not.

A case is a situation (``setup``, then ``sick``, which must fail), the words that fill the command's holes, and what
must be so afterwards: ``healthy`` (a shell command that must succeed) or ``says`` (what the command prints). ``by``
is put before the command: a sandbox to run it in. The files are those of the contract (tests/contract/modules.py), in
FILES; TREE is the directory of the kernel's modules, @PID@ in a command what ``setup`` wrote to /run/pid.
"""

from __future__ import annotations

from lkm.record import Record

UML, DEBIAN, ENFORCED, LOCKED, HOST = "uml", "debian", "module.sig_enforce=1", "lockdown=integrity", "host"
FILES, TREE = "@FILES@", "@TREE@"
MINIX = f"{TREE}/kernel/fs/minix/minix.ko"
LIVE = "grep -q '^minix ' /proc/modules"
GONE = "! grep -q '^{} ' /proc/modules"
#: A FAT file system on a loop device, which msdos serves.
DISK = f"lkm modprobe -a loop msdos && losetup /dev/loop0 {FILES}/disk"


class Case(Record):
    """How a command is tried."""

    kernel: str
    words: dict[str, str]
    setup: str = ""
    sick: str = ""
    healthy: str = ""
    says: str = ""
    by: str = ""
    status: int = 0


def conf(line: str) -> str:
    """Return the command that writes a line into the configuration."""
    return f"echo '{line}' >/etc/modprobe.d/zz.conf"


def into(file: str, module: str) -> str:
    """Return the command that puts a sick file into the tree in the place of a module of fs/fat."""
    return f"cp {FILES}/{file} {TREE}/kernel/fs/fat/{module}.ko"


_UNCAPABLE = "setpriv --bounding-set=-sys_module --inh-caps=-sys_module"
_EXTRA = f"mkdir -p {TREE}/extra && cp {FILES}/{{0}} {TREE}/extra/gt_main.ko && lkm depmod && lkm modprobe gt_main"
_BUILT = "wants the kernel's headers and the source of the module"
_FIRMWARE = "wants a machine with UEFI firmware, in which keys are enrolled"
_REBOOT = "ends the guest, whose next boot is another guest"
_MINIX = {"name": "minix"}
_PYTHON = 'import os,time; f=os.open("/dev/net/tun",2); open("/run/pid","w").write(str(os.getpid())); time.sleep(99)'
_HOLD = f"python3 -c '{_PYTHON}' >/dev/null 2>&1 & while [ ! -s /run/pid ]; do sleep 0.05; done"
_SIGN = "{build}/scripts/sign-file sha256 /var/lib/dkms/mok.key /var/lib/dkms/mok.pub {path}"
_CALL = 'import ctypes,os,sys; f=os.open(sys.argv[1],0); sys.exit(ctypes.CDLL(None).syscall(313,f,b"",{}) != 0)'
_FINIT = f"python3 -c '{_CALL}' {{}}"
_FILTER = f"python3 {FILES}/filter.py"

#: (code, command) → how it is tried, or why it is not.
TABLE: dict[tuple[str, str], Case | str] = {
    ("forbidden", "lkm modprobe --override-forbid {name}"): Case(
        UML, _MINIX, conf("forbid minix"), "lkm modprobe minix", LIVE
    ),
    ("install-command", "lkm modprobe --ignore-install {name}"): Case(
        UML, _MINIX, conf("install minix /bin/false"), "lkm modprobe minix", LIVE
    ),
    ("remove-command", "lkm modprobe -r --ignore-remove {name}"): Case(
        UML,
        _MINIX,
        f"lkm modprobe minix; {conf('remove minix /bin/false')}",
        "lkm modprobe -r minix",
        GONE.format("minix"),
    ),
    ("not-found", "lkm modprobe {near}"): Case(UML, {"near": "minix"}, "", "lkm modprobe minx", LIVE),
    ("not-found", "grep -i {name} {dep}"): Case(
        UML,
        {"name": "MSDOS", "dep": f"{TREE}/modules.dep"},
        "",
        "lkm modprobe MSDOS",
        says="kernel/fs/fat/msdos.ko",
    ),
    ("bad-index", "lkm depmod {words}"): Case(
        UML,
        {"words": "@RELEASE@"},
        f"rm {TREE}/modules.dep.bin",
        "lkm modprobe minix",
        f"lkm modprobe minix && {LIVE}",
    ),
    ("no-module-support", "lkm lab run -- lkm modprobe {name}"): Case(HOST, _MINIX),
    ("no-module-support", "lkm sim new trial.world --release 6.1.0"): Case(HOST, {}, healthy="test -s trial.world"),
    ("unload-unsupported", "reboot"): _REBOOT,
    ("user-namespace", "cat /proc/self/uid_map"): Case(
        DEBIAN, {}, "", f"unshare -r lkm insmod {MINIX}", says=" 1\n", by="unshare -r"
    ),
    ("container", "lkm modprobe {name}"): Case(UML, _MINIX, "", f"{_UNCAPABLE} lkm modprobe minix", LIVE),
    ("not-allowed", "sudo lkm insmod {path}"): "sudo is the machine's own; what it runs is tried without",
    ("not-allowed", "sudo lkm rmmod {name}"): "sudo is the machine's own; what it runs is tried without",
    ("not-allowed", "grep Cap /proc/self/status"): Case(
        UML, {}, "", f"{_UNCAPABLE} lkm insmod {MINIX}", says="CapBnd:\t000001fffffeffff", by=_UNCAPABLE
    ),
    ("seccomp", "grep Seccomp /proc/self/status"): Case(
        DEBIAN, {}, "", f"{_FILTER} lkm insmod {MINIX}", says="Seccomp:\t2", by=_FILTER
    ),
    ("modules-disabled", "echo {name} > {file}"): Case(
        UML,
        {"name": "minix", "file": "/etc/modules-load.d/minix.conf"},
        "mkdir -p /etc/modules-load.d; echo 1 >/proc/sys/kernel/modules_disabled",
        "lkm modprobe minix",
        "grep -qx minix /etc/modules-load.d/minix.conf",
    ),
    ("not-loaded", "lkm lsmod"): Case(UML, {}, "", "lkm rmmod minix", says="Used by"),
    ("in-use", "umount {what}"): Case(
        UML,
        {"what": "/run/a disk"},
        f"{DISK} && mkdir -p '/run/a disk' && mount -t msdos /dev/loop0 '/run/a disk'",
        "lkm rmmod msdos",
        "lkm rmmod msdos",
    ),
    ("in-use", "nsenter -t {pid} -m umount {what}"): Case(
        UML,
        {"what": "/run/disk", "pid": "@PID@"},
        f"{DISK} && mkdir -p /run/disk && (unshare -m sh -c 'mount -t msdos /dev/loop0 /run/disk; echo $$ >/run/pid; "
        "exec sleep 99' >/dev/null 2>&1 &) && while [ ! -s /run/pid ]; do sleep 0.05; done",
        "lkm rmmod msdos",
        "lkm rmmod msdos",
    ),
    ("in-use", "swapoff {what}"): Case(
        UML,
        {"what": "/dev/loop0"},
        "lkm modprobe loop && truncate -s 1M /run/swap && mkswap -q /run/swap && losetup /dev/loop0 /run/swap && "
        "swapon /dev/loop0",
        "losetup -d /dev/loop0; lkm rmmod loop",
        "losetup -d /dev/loop0; lkm rmmod loop",
    ),
    ("in-use", "losetup -d {what}"): Case(
        UML, {"what": "/dev/loop0"}, DISK, "lkm rmmod loop", "sleep 0.2; lkm rmmod loop"
    ),
    ("in-use", "kill {pid}"): Case(
        UML, {"pid": "@PID@"}, f"lkm modprobe tun; {_HOLD}", "lkm rmmod tun", "sleep 0.2; lkm rmmod tun"
    ),
    ("in-use", "ip link del {what}"): Case(
        UML, {"what": "t0"}, "lkm modprobe tun; ip tuntap add t0 mode tap", "lkm rmmod tun", "lkm rmmod tun"
    ),
    ("in-use", "lkm modprobe -r {names}"): Case(
        UML, {"names": "msdos", "name": "fat"}, "lkm modprobe msdos", "lkm rmmod fat", GONE.format("fat")
    ),
    ("bad-call", "lkm insmod {path}"): Case(UML, {"path": MINIX}, "", _FINIT.format(128, MINIX), LIVE),
    ("unreadable", "lkm modprobe {name}"): Case(UML, _MINIX, "", "lkm insmod minix", LIVE),
    ("unreadable", "ls -la {directory}"): Case(UML, {"directory": "/run"}, "", "lkm insmod /run/no.ko", says="total"),
    ("unreadable", "ls -la {path}"): Case(
        UML,
        {"path": "/run/my.ko"},
        f"cp {MINIX} /run/my.ko; chmod 0 /run/my.ko",
        "setpriv --reuid 65534 --clear-groups cat /run/my.ko",
        says="----------",
    ),
    ("unreadable", "dmesg --level=emerg,alert,crit,err"): Case(
        UML, {}, f"cp {FILES}/arch.ko /run/my.ko", "lkm insmod /run/my.ko", says="Invalid architecture in ELF header"
    ),
    ("empty-file", "df -h ."): Case(
        UML,
        {},
        "mkdir -p /run/full && mount -t tmpfs -o size=8k none /run/full && cd /run/full && "
        f"head -c 8192 {MINIX} >big; cp big my.ko",
        "lkm insmod /run/full/my.ko",
        says="100%",
        by="cd /run/full &&",
    ),
    ("wrong-compression", "lkm insmod {path}"): Case(
        UML,
        {"path": "/run/minix.ko.xz"},
        f"xz -c --check=crc32 {MINIX} >/run/minix.ko.xz",
        _FINIT.format(0, "/run/minix.ko.xz"),
        LIVE,
    ),
    ("wrong-compression", "{tool} -t {path}"): Case(
        UML,
        {"path": "/run/my.ko.xz", "tool": "xz"},
        f"xz -c {MINIX} | head -c 5000 >/run/my.ko.xz",
        "lkm insmod /run/my.ko.xz",
        says="nexpected end of input",
        status=1,
    ),
    ("wrong-compression", "mv {path} {right}"): Case(
        UML,
        {"path": "/run/minix.ko.gz", "right": "/run/minix.ko.xz"},
        f"xz -c {MINIX} >/run/minix.ko.gz",
        "gzip -t /run/minix.ko.gz",
        f"lkm insmod /run/minix.ko.xz && {LIVE}",
    ),
    ("bad-signature", "strip --strip-debug {path}"): Case(
        DEBIAN,
        {"path": "/run/my.ko"},
        f"lkm modprobe fat; cp {FILES}/tampered.ko /run/my.ko",
        "lkm insmod /run/my.ko",
        "lkm insmod /run/my.ko && grep -q '^msdos .*E' /proc/modules",
    ),
    ("malformed-signature", "strip --strip-debug {path}"): Case(
        DEBIAN,
        {"path": "/run/my.ko"},
        f"lkm modprobe fat; cp {FILES}/magic-only.ko /run/my.ko",
        "lkm insmod /run/my.ko",
        "lkm insmod /run/my.ko && grep -q '^msdos .*E' /proc/modules",
    ),
    ("expired-key", "cat /proc/keys"): Case(DEBIAN, {}, says="keyring"),
    ("unsupported-hash", "lkm modinfo -F sig_hashalgo loop"): Case(
        ENFORCED, {}, "lkm modprobe fat", f"lkm insmod {FILES}/sha3.ko", says="sha256"
    ),
    ("unsupported-hash", _SIGN): f"{_BUILT}, and {_FIRMWARE}",
    ("unsigned", _SIGN): f"{_BUILT}, and {_FIRMWARE}",
    ("unknown-key", "mokutil --list-enrolled"): _FIRMWARE,
    ("unknown-key", "mokutil --import /var/lib/dkms/mok.pub"): _FIRMWARE,
    ("stripped-signature", "dpkg -S {path}"): "wants a machine on which the kernel was installed as a package",
    ("lockdown", "cat /sys/kernel/security/lockdown"): Case(
        LOCKED,
        {},
        "lkm modprobe fat; mount -t securityfs none /sys/kernel/security",
        f"lkm insmod {FILES}/unsigned.ko",
        says="[integrity]",
    ),
    ("lockdown", "mokutil --sb-state"): _FIRMWARE,
    ("not-elf", "dpkg-deb -x {path} ."): Case(
        UML,
        {"path": "/run/my.deb"},
        f"mkdir -p /run/p/DEBIAN /run/w && cp {MINIX} /run/p && "
        "printf 'Package: x\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n' "
        ">/run/p/DEBIAN/control && dpkg-deb -b /run/p /run/my.deb",
        "lkm insmod /run/my.deb",
        f"lkm insmod /run/w/minix.ko && {LIVE}",
        by="cd /run/w &&",
    ),
    ("not-elf", "rpm2cpio {path} | cpio -id"): "rpm2cpio and cpio are not among the lab's programs",
    ("not-elf", "unzip {path}"): Case(
        UML,
        {"path": "/run/my.zip"},
        f"mkdir -p /run/z; cp {MINIX} /run/minix.ko; cd /run && python3 -m zipfile -c my.zip minix.ko; rm minix.ko",
        "lkm insmod /run/my.zip",
        f"lkm insmod /run/z/minix.ko && {LIVE}",
        by="cd /run/z &&",
    ),
    ("not-elf", "bunzip2 --keep {path}"): Case(
        UML,
        {"path": "/run/minix.ko.bz2"},
        f"bzip2 -c {MINIX} >/run/minix.ko.bz2",
        "lkm insmod /run/minix.ko.bz2",
        f"lkm insmod /run/minix.ko && {LIVE}",
    ),
    ("not-elf", "file {path}"): Case(
        UML, {"path": "/run/my.ko"}, "printf '\\1\\2\\3\\4\\5' >/run/my.ko", "lkm insmod /run/my.ko", says="data"
    ),
    ("cut-file", "sha256sum {path}"): Case(
        UML, {"path": f"{FILES}/half.ko"}, "lkm modprobe fat", f"lkm insmod {FILES}/half.ko", says="half.ko"
    ),
    ("damaged", "sha256sum {path}"): Case(
        UML, {"path": f"{FILES}/shentsize.ko"}, "", f"lkm insmod {FILES}/shentsize.ko", says="shentsize.ko"
    ),
    ("not-a-module", "make -C {build} M=$PWD modules"): _BUILT,
    ("struct-size", "make -C {build} M=$PWD clean modules"): _BUILT,
    ("crc-mismatch", "make -C {build} M=$PWD modules"): _BUILT,
    ("other-kernel", "make -C {build} M=$PWD modules"): _BUILT,
    ("missing-option", "make -C {build} M=$PWD modules"): _BUILT,
    ("crc-mismatch", "lkm modprobe --force-modversion {name}"): Case(
        DEBIAN,
        {"name": "msdos"},
        into("crc-symbol.ko", "msdos"),
        "lkm modprobe msdos",
        "grep -q '^msdos .*F' /proc/modules",
    ),
    ("other-kernel", "lkm modprobe {name}"): Case(
        UML,
        {"name": "msdos"},
        "lkm modprobe fat",
        f"lkm insmod {FILES}/vermagic.ko",
        "grep -q '^msdos ' /proc/modules",
    ),
    ("other-kernel", "lkm modprobe --force-vermagic {name}"): Case(
        UML,
        {"name": "msdos"},
        into("vermagic.ko", "msdos"),
        "lkm modprobe msdos",
        "grep -q '^msdos .*F' /proc/modules",
    ),
    ("other-kernel", "lkm explain --image {image} {path}"): Case(
        UML,
        {"image": "/usr/bin/linux.uml", "path": f"{FILES}/vermagic.ko"},
        "lkm modprobe fat",
        f"lkm insmod {FILES}/vermagic.ko",
        says="[other-kernel]",
    ),
    ("livepatch", "lkm modinfo -F vermagic {path}"): Case(
        UML, {"path": f"{FILES}/livepatch.ko"}, "", f"lkm insmod {FILES}/livepatch.ko", says="mod_unload"
    ),
    ("half-loaded", "dmesg --level=emerg,alert,crit,err"): Case(
        UML,
        {},
        f"lkm insmod {FILES}/arch.ko",
        says="Invalid architecture",
    ),
    ("permanent", "reboot"): _REBOOT,
    ("permanent", "lkm rmmod --force {name}"): Case(
        DEBIAN, {"name": "gt_perm"}, f"lkm insmod {FILES}/gt_perm.ko", "lkm rmmod gt_perm", GONE.format("gt_perm")
    ),
    ("name-taken", "lkm rmmod {name} && lkm insmod {path}"): Case(
        UML,
        {"name": "gt_main", "path": f"{FILES}/gt_main.ko"},
        f"lkm insmod {FILES}/staging.ko",
        f"lkm insmod {FILES}/gt_main.ko",
        "! grep -q '^gt_main .*C' /proc/modules",
    ),
    ("already-loaded", "lkm rmmod {name}"): Case(
        UML, _MINIX, "lkm modprobe minix", f"lkm insmod {MINIX}", f"lkm insmod {MINIX}"
    ),
    ("refused-need", "lkm explain {name}"): Case(
        UML, {"name": "fat"}, into("text.ko", "fat"), "lkm modprobe msdos", says="[not-elf]"
    ),
    ("proprietary-owner", "lkm modinfo -l {owner}"): Case(
        UML,
        {"owner": "gt_main"},
        _EXTRA.format("proprietary.ko"),
        f"lkm insmod {FILES}/gt_user.ko",
        says="ABC",
    ),
    ("not-exported", "grep -w {symbol} /proc/kallsyms"): Case(
        UML, {"symbol": "do_send_sig_info"}, "", f"lkm insmod {FILES}/hidden.ko", says=" do_send_sig_info"
    ),
    ("missing-symbol", "lkm modprobe {name}"): Case(
        UML,
        {"name": "msdos", "owner": "fat"},
        "",
        f"lkm insmod {TREE}/kernel/fs/fat/msdos.ko",
        "grep -q '^msdos ' /proc/modules",
    ),
    ("missing-symbol", "lkm modprobe {owner}"): Case(
        UML,
        {"owner": "fat"},
        "",
        f"lkm insmod {TREE}/kernel/fs/fat/msdos.ko",
        f"lkm insmod {TREE}/kernel/fs/fat/msdos.ko",
    ),
    ("missing-symbol", "lkm explain --image {image} {path}"): Case(
        UML,
        {"image": "/usr/bin/linux.uml", "path": f"{FILES}/hidden.ko"},
        "",
        f"lkm insmod {FILES}/hidden.ko",
        says="do_send_sig_info",
    ),
    ("duplicate-symbol", "lkm modprobe -r {owner}"): Case(
        UML,
        {"owner": "gt_main"},
        _EXTRA.format("gt_main.ko"),
        f"lkm insmod {FILES}/gt_twin.ko",
        f"lkm insmod {FILES}/gt_twin.ko",
    ),
    ("shared-export", "lkm modprobe -r {rival}"): Case(
        UML,
        {"rival": "gt_main"},
        _EXTRA.format("gt_main.ko"),
        f"lkm insmod {FILES}/gt_twin.ko",
        f"lkm insmod {FILES}/gt_twin.ko",
    ),
    ("relocation", "cat /proc/version"): Case(
        UML, {}, "lkm modprobe fat", f"lkm insmod {FILES}/relocation.ko", says="gcc"
    ),
    ("bad-parameter", "lkm modinfo -p {path}"): Case(
        UML,
        {"path": f"{FILES}/dummy.ko"},
        "",
        f"lkm insmod {FILES}/dummy.ko numdummies=abc",
        says="numdummies:",
    ),
    ("unknown-parameter", "lkm modinfo -p {path}"): Case(
        UML,
        {"path": f"{FILES}/dummy.ko"},
        f"lkm insmod {FILES}/dummy.ko numdummis=1",
        "! dmesg | grep \"unknown parameter 'numdummis' ignored\"",
        says="numdummies:",
    ),
    ("out-of-memory", "grep -E '^(Mem|Vmalloc)' /proc/meminfo"): Case(UML, {}, says="MemAvailable"),
    ("out-of-memory", "lkm lsmod"): Case(UML, {}, "lkm modprobe minix", says="minix"),
    ("no-firmware", "cat /sys/module/firmware_class/parameters/path"): Case(DEBIAN, {}),
    ("no-firmware", "apt-get install firmware-linux"): "wants the network, and the distribution's archive",
    ("no-device", "lkm modinfo -F alias {path}"): Case(
        DEBIAN,
        {"path": f"{TREE}/kernel/drivers/crypto/padlock-aes.ko"},
        "",
        "lkm modprobe padlock-aes",
        says="cpu:type",
    ),
    ("no-device", "grep -rs . /sys/devices --include modalias"): Case(
        DEBIAN, {}, "", "lkm modprobe padlock-aes", says="modalias:pci:v0000"
    ),
    ("no-device", "lkm modinfo -p {path}"): Case(
        UML, {"path": f"{TREE}/kernel/drivers/i2c/i2c-stub.ko"}, "", "lkm modprobe i2c-stub", says="chip_addr:"
    ),
    ("init-failed", "lkm modinfo -p {path}"): Case(
        UML, {"path": f"{FILES}/tcrypt.ko"}, "", "lkm modprobe tcrypt mode=1000", says="mode:"
    ),
    ("init-failed", "dmesg"): Case(UML, {}, "", f"lkm insmod {FILES}/gt_main.ko ret=-5", says="gt_main"),
    ("request-loop", "cat /proc/sys/kernel/modprobe"): Case(UML, {}, "echo /x >/proc/sys/kernel/modprobe", says="/x"),
    ("request-loop", "lkm modprobe --show-alias {name}"): Case(UML, {"name": "fs-minix"}, says="minix"),
    ("request-loop", "lkm modprobe --show-config --origin"): Case(
        UML, {}, conf("install minix sh -c modprobe"), says="install minix sh -c modprobe"
    ),
    ("blacklisted", "lkm modprobe {name}"): Case(
        UML, _MINIX, conf("blacklist minix"), f"lkm modprobe fs-minix; {LIVE}", LIVE
    ),
}


DEBIANS = "Debian's kernel"


def status(code: str, command: str) -> str:
    """Return for the pages whether a command is tried."""
    case = TABLE.get((code, command), "")
    if isinstance(case, str):
        return f"not tried: {case}"
    kernels = {UML: "User-Mode Linux", HOST: "the machine that the tests run on"}
    return f"tried on {kernels.get(case.kernel, DEBIANS)}"
