# Last stage of the first program of both guests, in the root that the command sees: run it, tell its status, power off.
# LAB_OUT, LAB_ERR (empty: the same), LAB_STATUS: devices that lead to the host. LAB_DIR/command: the command, for sh.
b=/bin/busybox out=$LAB_OUT err=$LAB_ERR status=$LAB_STATUS dir=$LAB_DIR
unset LAB_OUT LAB_ERR LAB_STATUS LAB_DIR LAB_RW LAB_SPLIT mem uml_dir
run() {
    # In a session of its own, so that what it leaves running is found afterwards. (Field 6 of proc(5)'s stat.)
    $b setsid /bin/sh "$dir/command" </dev/null
    echo $? >/run/.status
    for process in /proc/[0-9]*; do
        read -r stat <$process/stat; set -- ${stat##*)}
        [ "$4" = 0 ] || kill -9 ${process#/proc/}
    done 2>/dev/null
}
echo started >$status
# By way of cat, because a command asks whether it writes to a terminal.
if [ -z "$err" ]; then run 2>&1 | $b cat >$out; else { run 2>&3 3>&- | $b cat >$out; } 3>&1 | $b cat >$err; fi
$b cat /run/.status >$status
$b poweroff -f
