"""The places where a kernel asks for modules on behalf of users without any right, one row each.

Only requests that are made before, or without, a check of the caller's capabilities in the first user namespace are
here. Left out are those for which a real CAP_NET_ADMIN or CAP_SYS_MODULE is needed: ``netdev-*`` (net/core/
dev_ioctl.c: dev_load), ``tcp_*`` (net/ipv4/tcp_cong.c: tcp_ca_find_autoload), ``tcp-ulp-*`` (net/ipv4/tcp_ulp.c),
``net-pf-35-proto-*`` (net/phonet/af_phonet.c: pn_socket_create), ``*-iosched``, ``md-*``, ``dm-*``; what devices say
of themselves when somebody plugs them in; and what a module asks for itself as it comes (net/6lowpan: ``nhc_*``).

What asks by a module's own name (``sch_*``) is not stopped by a ``blacklist``, which holds for aliases only.
"""

from __future__ import annotations

from lkm.record import Record

#: What a user needs: nothing; to be root in a user namespace of their own (CAP_NET_ADMIN or CAP_SYS_ADMIN there);
#: a device file that they may open; line disciplines that load for everybody.
ANYONE, NAMESPACE, NODE, LDISC = "any user", "user namespace", "device node", "line discipline"
WHO = (ANYONE, NAMESPACE, NODE, LDISC)
#: Whether the kernel's code says so by itself, or something must also be so that is not looked at here.
CERTAIN, LIKELY = "certain", "likely"


class Door(Record):
    """One place. ``aliases`` and ``names`` are wildcards, folded; what is asked for is one of them.

    ``base`` is the alias of what must be in the kernel before that (its module is loaded by any user too, or it is
    built in); "" for nothing. ``how`` says what a user does, ``source`` where the kernel asks.
    """

    kind: str
    how: str
    who: str
    source: str
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    base: str = ""
    certainty: str = CERTAIN


#: What looks like something at a door, and is only asked for after a check.
CHECKED = ("net_pf_35_proto_*",)

#: The first row that fits an alias counts, so the narrower ones stand first.
DOORS = (
    Door("netlink-family", "a question for a generic netlink family by its name", ANYONE,
         "net/netlink/genetlink.c: ctrl_getfamily", ("net_pf_16_proto_16_family_*",)),
    Door("socket-diag", "a question about sockets (SOCK_DIAG_BY_FAMILY)", ANYONE,
         "net/core/sock_diag.c: __sock_diag_cmd; net/ipv4/inet_diag.c: inet_diag_lock_handler",
         ("net_pf_16_proto_4_type_*",), certainty=LIKELY),  # once the family itself is there
    Door("netlink", "socket(2) of a netlink protocol", ANYONE,
         "net/netlink/af_netlink.c: netlink_create", ("net_pf_16_proto_*",)),
    Door("protocol", "socket(2) of a protocol over PPP", ANYONE,
         "drivers/net/ppp/pppox.c: pppox_create", ("net_pf_24_proto_*",), base="net-pf-24"),
    Door("protocol", "socket(2) of a protocol", ANYONE,
         "net/ipv4/af_inet.c: inet_create; net/ipv6/af_inet6.c: inet6_create", ("net_pf_*_proto_*",)),
    Door("family", "socket(2) of a family", ANYONE, "net/socket.c: __sock_create", ("net_pf_*",)),
    Door("protocol", "socket(2) of a CAN protocol", ANYONE,
         "net/can/af_can.c: can_create", ("can_proto_*",), base="net-pf-29"),
    Door("protocol", "socket(2) of a Bluetooth protocol", ANYONE,
         "net/bluetooth/af_bluetooth.c: bt_sock_create", ("bt_proto_*",), base="net-pf-31"),
    Door("crypto", "bind(2) of an AF_ALG socket", ANYONE,
         "crypto/af_alg.c: alg_get_type", names=("algif_*",), base="net-pf-38"),
    Door("crypto", "bind(2) of an AF_ALG socket to an algorithm", ANYONE,
         "crypto/api.c: crypto_larval_lookup", ("crypto_*",), ("crypto_*", "cryptomgr"), "net-pf-38"),
    Door("ioctl", "an ioctl(2) on any socket (SIOCSIFVLAN, SIOCBRADDBR)", ANYONE,
         "net/socket.c: sock_ioctl, br_ioctl_call", names=("8021q", "bridge")),
    Door("exec", "execve(2) of a file of a format that is not known", ANYONE,
         "fs/exec.c: search_binary_handler", ("binfmt_[0-9a-f][0-9a-f][0-9a-f][0-9a-f]",)),
    Door("ldisc", "ioctl(2) TIOCSETD on a terminal", LDISC,
         "drivers/tty/tty_ldisc.c: tty_ldisc_get", ("tty_ldisc_*",)),
    Door("filesystem", "mount(2); the type is looked up before it is refused", NAMESPACE,
         "fs/namespace.c: do_new_mount; fs/filesystems.c: get_fs_type", ("fs_*",)),
    Door("link", "a new network interface of a type (RTM_NEWLINK)", NAMESPACE,
         "net/core/rtnetlink.c: __rtnl_newlink", ("rtnl_link_*",)),
    Door("route", "a route through a tunnel (RTM_NEWROUTE)", NAMESPACE,
         "net/core/lwtunnel.c: lwtunnel_valid_encap_type", ("rtnl_lwt_*",)),
    Door("route", "settings of a family for an interface (RTM_NEWLINK)", NAMESPACE,
         "net/core/rtnetlink.c: do_setlink", ("rtnl_af_*",), certainty=LIKELY),
    Door("xfrm", "a security association (XFRM_MSG_NEWSA)", NAMESPACE,
         "net/xfrm/xfrm_state.c: xfrm_get_type", ("xfrm_type_*",), base="net-pf-16-proto-6"),
    Door("xfrm", "a security association that a network device shall work on", NAMESPACE,
         "net/xfrm/xfrm_state.c: xfrm_get_type_offload", ("xfrm_offload_*",), (), "net-pf-16-proto-6", LIKELY),
    Door("netfilter", "a netfilter netlink message", NAMESPACE,
         "net/netfilter/nfnetlink.c: nfnetlink_rcv_msg", ("nfnetlink_subsys_*",), base="net-pf-16-proto-12"),
    Door("netfilter", "a rule of nftables", NAMESPACE,
         "net/netfilter/nf_tables_api.c: nft_request_module",
         ("nft_expr_*", "nft_chain_*", "nft_set*", "nft_obj_*"), base="nfnetlink-subsys-10"),
    Door("netfilter", "a flow table of nftables", NAMESPACE,
         "net/netfilter/nf_tables_api.c: nft_flowtable_type_get",
         ("nf_flowtable_*",), (), "nfnetlink-subsys-10", LIKELY),
    Door("netfilter", "an IP set of a type", NAMESPACE,
         "net/netfilter/ipset/ip_set_core.c: load_settype", ("ip_set_*:*",), base="nfnetlink-subsys-6"),
    Door("netfilter", "a rule that logs, tracks or helps connections", NAMESPACE,
         "net/netfilter/nf_log.c: nf_logger_find_get; nf_conntrack_helper.c: nf_conntrack_helper_try_module_get",
         ("nf_logger_*", "nfct_helper_*", "nf_conntrack_[0-9]*", "nf_nat_helper_*"), certainty=LIKELY),
    Door("netfilter", "a rule with a match or target of xtables", NAMESPACE,
         "net/netfilter/x_tables.c: xt_request_find_match, xt_request_find_target",
         ("xt_*", "ipt_*", "ip6t_*", "ebt_*", "arpt_*"), ("xt_*", "ipt_*", "ip6t_*", "ebt_*", "arpt_*"),
         "nft-expr-match", LIKELY),
    Door("netfilter", "a table of xtables, where the tool for it was used before", NAMESPACE,
         "net/netfilter/x_tables.c: xt_request_find_table_lock",
         names=("iptable_*", "ip6table_*", "arptable_*", "ebtable_*"), certainty=LIKELY),
    Door("netfilter", "a scheduler of IPVS", NAMESPACE, "net/netfilter/ipvs/ip_vs_sched.c: ip_vs_scheduler_get",
         names=("ip_vs_*",), base="net-pf-16-proto-16-family-IPVS", certainty=LIKELY),
    Door("queueing", "a queueing discipline, classifier or action", NAMESPACE,
         "net/sched/sch_api.c: qdisc_create; cls_api.c: tcf_proto_lookup_ops; act_api.c: tc_action_load_ops",
         ("sch_*", "cls_*", "act_*", "net_sch_*", "net_cls_*", "net_act_*"), ("sch_*", "cls_*", "act_*")),
    Door("queueing", "an extended match of a classifier", NAMESPACE,
         "net/sched/ematch.c: tcf_em_validate", ("ematch_kind_*",), base="cls_basic"),
    Door("tunnel", "a pseudowire of L2TP", NAMESPACE, "net/l2tp/l2tp_netlink.c: l2tp_nl_cmd_session_create",
         ("net_l2tp_type_*",), certainty=LIKELY),
    Door("tunnel", "a port of Open vSwitch", NAMESPACE, "net/openvswitch/vport.c: ovs_vport_add",
         ("vport_type_*",), base="net-pf-16-proto-16-family-ovs_datapath", certainty=LIKELY),
    Door("device", "open(2) of a device file", NODE,
         "fs/char_dev.c: base_probe; drivers/char/misc.c: misc_open; block/genhd.c: blk_request_module",
         ("char_major_*", "block_major_*")),
)  # fmt: skip
