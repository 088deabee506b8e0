"""Every reader that takes bytes which somebody else wrote, with what to start from."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import seeds
from bounds import Reader, Target, exhaust, linked, named, plain, planted, stored
from seeds import captured

from leadline.linux import (
    cgroup,
    der,
    desktop,
    efi,
    exposition,
    grpc,
    http1,
    initext,
    jsontext,
    keyrings,
    lines,
    luks,
    markup,
    md,
    mdstat,
    mei,
    modules,
    netlink,
    oids,
    pem,
    protobuf,
    rtnetlink,
    smbios,
    smbios_entry,
    sockets,
    sqlitefile,
    sshkeys,
    superblock,
    utmp,
    x509,
    x509text,
    xattr,
    xtables,
    zipmember,
)  # fmt: skip
from leadline.linux.disk import Disk
from leadline.linux.journal import compression
from leadline.linux.rpmheader import Header
from leadline.linux.systemd import bus, escaped, unitfiles
from leadline.tables.apps import documents
from leadline.tables.containers import cri, values

TOLD = (ValueError, OSError)  # what these readers are documented to raise


def told(read: Callable[[bytes], object]) -> Reader:
    """The same reader; what it is documented to raise is an answer."""

    def run(data: bytes) -> object:
        try:
            exhaust(read(data))
        except TOLD:
            return None
        return None

    return run


def structures(data: bytes) -> Iterator[object]:
    for one in smbios.parse(data):
        yield [(one.integer(at, 1 << at % 4), one.text(at), one.string(at)) for at in range(64)]


def header(data: bytes) -> list[object]:
    one = Header(data)
    texts = [(one.text(tag), one.number(tag)) for tag in (269, 1000, 1003, 1009, 1016, 5009)]
    return [*texts, *one.files()]


def disk(data: bytes) -> Disk:
    return Disk(lambda place, length: data[place : place + length], len(data))


def spread(data: bytes) -> object:
    """Probe a disk with the data at one of the places where superblocks lie, which the first byte chooses."""
    places = (0, 512, 1024, 4086, 4096, 0x8000, 0x10040, 65526, 0x1FFFF - 0x10000)
    place = places[data[0] % len(places)] if data else 0
    return superblock.probe(disk((bytes(place) + data[1:]).ljust(0x20000, b"\0")))


def certificate(data: bytes) -> Iterator[object]:
    one = x509.parse(data)
    if one is not None:
        yield x509.sha1(one), one.validity(), one.key_strength(), one.key_usage(), one.is_ca(), one.is_self_signed()
        yield one.subject_key_id(), one.authority_key_id(), oids.long(one.key_algorithm)
        yield [x509text.extension(one.extensions, kind) for kind in x509text.KINDS]


def elements(data: bytes) -> Iterator[object]:
    for tag, start, end in der.elements(data, 0, len(data)):
        inside = data[start:end]
        yield der.number(inside), der.bits(inside), der.seconds(tag, inside), der.dotted(inside)


def firewall(data: bytes) -> Iterator[object]:
    size = int.from_bytes(data[:1], "big")
    for chain in xtables.parse(data[1 : 1 + size], data[1 + size :]):
        yield from chain.rules()


def firewalls() -> bytes:
    info, entries = (seeds.TESTS / "captures/xtables" / name for name in ("info.bin", "entries.bin"))
    return bytes([len(info.read_bytes())]) + info.read_bytes() + entries.read_bytes()


def kernel(data: bytes) -> Iterator[object]:
    for *_, body in netlink.messages(data):
        yield netlink.attributes(body, 12)
        yield from rtnetlink.ways(netlink.attributes(body, 12))


def message(data: bytes) -> Iterator[object]:
    for number, value in protobuf.fields(data):
        yield number, protobuf.text(value), protobuf.number(value)
        if isinstance(value, bytes):
            yield protobuf.entry(value)


def answering(ask: Callable[[str, Callable[[], socket.socket]], object]) -> Callable[[Path], Reader]:
    """Have a client ask at a socket where the data are the answer."""

    def prepare(directory: Path) -> Reader:
        path = str(directory / "s")

        def run(data: bytes) -> None:
            (directory / "s").unlink(missing_ok=True)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
                listener.bind(path)
                listener.listen()

                def accept() -> socket.socket:
                    accepted, _ = listener.accept()
                    accepted.setblocking(False)
                    try:
                        accepted.sendall(data[:60_000])
                    except OSError:
                        pass
                    accepted.shutdown(socket.SHUT_WR)
                    return accepted

                exhaust(ask(path, accept))

        return run

    return prepare


def call(path: str, accept: Callable[[], socket.socket]) -> None:
    with grpc.Channel(path, seconds=1) as channel, accept():
        try:
            channel.call("/a.B/C")
        except (*TOLD, grpc.CallError):
            pass


def speak(path: str, accept: Callable[[], socket.socket]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
        connected.connect(path)
        with accept(), bus.Bus(connected, is_bus=False) as opened:
            try:
                exhaust(list(opened.calls([("/o", "i.f", "M", None, ())] * 3)))
            except bus.BusError:
                pass


def exchange(data: bytes) -> object:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data[:60_000])
        theirs.shutdown(socket.SHUT_WR)
        return http1.exchange(ours, b"GET / HTTP/1.1\r\n\r\n", seconds=1, limit=50_000)


def database(path: str) -> Iterator[object]:
    try:
        with sqlitefile.Database(path) as opened:
            for name in opened.tables():
                quoted = name.replace('"', '""')
                for number, row in enumerate(opened.rows(f'SELECT * FROM "{quoted}"')):
                    yield row
                    if number == 1000:
                        break
    except sqlitefile.DamagedError:
        pass


def elements_of_xml(data: bytes) -> list[str]:
    found: list[str] = []
    parser = markup.parser()
    parser.StartElementHandler = lambda name, _: found.append(name)
    markup.feed(parser, data, True)
    return found


def units(data: bytes) -> object:
    found: unitfiles.Sections = {}
    unitfiles.parse(data, found)
    return found, escaped.unescaped(data.decode("utf-8", "replace"))


def document(data: bytes) -> Iterator[object]:
    one = documents.parse(data)
    yield values.text(one, "a"), values.number(one, "b"), values.real(one, "c"), values.yes(one, "d")
    yield values.moment(one, "e"), values.digest(one, "f"), values.texts(one, "g"), list(values.pairs(one, "h"))


HOME = {"etc/passwd": b"ada:x:1000:1000:Ada:/home/ada:/bin/sh\n"}
SSH = "home/ada/.ssh"
CHROME = "home/ada/.config/google-chrome/Default"
PASSWD = captured("debian12/etc/passwd")
STAT = captured("debian12/proc/412/stat")
PROCESS: dict[str, bytes | str] = {
    **{f"proc/412/{name}": captured(f"debian12/proc/412/{name}") for name in ("stat", "status", "environ", "cmdline")},
    "proc/412/maps": captured("debian12/proc/733/maps"), "proc/412/exe": "/usr/sbin/sshd",
    "proc/412/fd/4": "pipe:[7]", "proc/412/fd/5": "/etc/x",
}  # fmt: skip
JSON = b'{"a": [1, -2.5e3, null, true], "b": {"\\ud83d\\ude00 \\n": "x"}, "c": ""}'
DISK = {"sys/class/block/sda/dev": b"8:0\n", "sys/class/block/sda/size": b"64\n"}
PCI = {
    "sys/bus/pci/devices/0000:00:02.0/uevent": b"PCI_CLASS=30000\nPCI_ID=8086:5916\nPCI_SLOT_NAME=0000:00:02.0\n"
    b"PCI_SUBSYS_ID=17AA:224F\nDRIVER=i915\n"
}
DB = b"db-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
PCI_IDS = "usr/share/misc/pci.ids"
IDS = b"# names\n8086  Intel\n\t5916  HD 620\n\t\t17aa 224f  ThinkPad\nC 03  Display\n\t00  VGA\n"
MD = {"proc/mdstat": b"Personalities : [raid1]\nmd0 : active raid1 sdb1[1] sda1[0]\n      1046 blocks [2/2] [UU]\n"}
RELEASE = "var/lib/apt/lists/deb.example.org_debian_dists_stable_InRelease"
SOURCES = {"etc/apt/sources.list": b"deb http://deb.example.org/debian stable main\n"}
METADATA = captured("alpine320/opt/app/venv/lib/python3.12/site-packages/flask-3.0.3.dist-info/METADATA")
SITE = "usr/lib/python3/dist-packages"
STATUS = captured("debian12/var/lib/dpkg/status")[:3000]
UNIT = (
    b"[Unit]\nDescription=%n \\\n  more\n[Service]\nUser=ada\nExecStart=/bin/true\n[Timer]\nOnCalendar=daily\n"
    b"OnBootSec=5min 2s\nPersistent=yes\n[Install]\nWantedBy=multi-user.target\nAlias=x.timer\n"
)
PEM = seeds.pem("CERTIFICATE", seeds.certificate())
ANSWER = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
MESSAGE = bytes.fromhex("6c020101050000000200000016000000050175000100000008016700017500000500000068656c6c6f")

TARGETS = [
    # firmware and kernel
    plain("smbios", structures, seeds.smbios()),
    plain("smbios_entry", lambda data: (smbios_entry.find(data), smbios_entry.version(data)), seeds.smbios_entry()),
    plain("smbios_systab", smbios_entry.efi_address, b"SMBIOS3=0x7f9c0000\nSMBIOS=0x7f9c2000\n"),
    *(
        planted(table, "sys/firmware/dmi/tables/DMI", seeds.smbios(),
                beside={"sys/firmware/dmi/tables/smbios_entry_point": seeds.smbios_entry()})
        for table in ("platform_info", "smbios_tables", "memory_devices", "memory_arrays", "memory_error_info",
                      "memory_array_mapped_addresses", "memory_device_mapped_addresses", "oem_strings", "system_info",
                      "cpu_info")
    ),
    planted("acpi_tables", "sys/firmware/acpi/tables/DSDT", b"DSDT" + bytes(40)),
    plain("efi_signatures", efi.signatures, seeds.signatures(efi.X509, b"one") + seeds.signatures(bytes(16), b"other")),
    planted("secureboot_certificates", f"sys/firmware/efi/efivars/{DB.decode()}",
            b"\7\0\0\0" + seeds.signatures(efi.X509, seeds.certificate())),
    plain("mei", lambda data: (mei.parse(data), mei.unpack(data)), b"0:11.8.50.3425\n", bytes(range(40))),
    plain("netlink", kernel, seeds.netlink()),
    plain("xtables", firewall, firewalls()),
    plain("md_array", told(lambda data: md.parse_array(data[:72].ljust(72, b"\0"))), bytes(range(72))),
    plain("mdstat", mdstat.parse, MD["proc/mdstat"]),
    planted("md_drives", "sys/class/block/md0/md/dev-sda1/slot", b"0\n", b"none\n",
            beside=MD | {"sys/class/block/md0/md/dev-sda1/state": b"in_sync\n",
                         "sys/class/block/md0/md/raid_disks": b"2\n"}),
    planted("md_devices", "proc/mdstat", MD["proc/mdstat"]
            + b"md1 : active (read-only) raid5 a[3](S) b[1](F)\n 12 blocks super 1.2 level 5, 64k chunk [3/2] [U_U]\n"
            b"      [=>...]  recovery = 5.2% (3/55) finish=0.3min speed=4K/sec\n bitmap: 1/2 pages [4KB], 65536KB\n"),
    plain("keyrings", keyrings.parse, b"3f3d1c2a I--Q---     1 perm 3f010000  1000  1000 user      mine: 12\n"),
    plain("modules", modules.parse, b"nf_nat 57344 2 nft_chain_nat,xt_X, Live 0xffffffffc0a00000 (O)\n"),
    planted("shared_memory", "proc/sysvipc/shm", b"key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime"
            b" ctime rss swap\n 0 5 1600 524288 12 13 2 1000 1000 1000 1000 1 2 3 4096 0\n"),
    planted("kernel_keys", "proc/keys", b"3f3d1c2a I--Q---     1 perm 3f010000  1000  1000 user      mine: 12\n"),
    planted("kernel_modules", "proc/modules", captured("fedora41/proc/modules")),
    planted("kernel_info", "proc/cmdline", captured("debian12/proc/cmdline")),
    planted("load_average", "proc/loadavg", captured("debian12/proc/loadavg")),
    planted("memory_info", "proc/meminfo", captured("debian12/proc/meminfo")),
    planted("memory_map", "proc/iomem", b"00001000-0009fbff : System RAM\n  00001000-00002000 : Kernel code\n"),
    planted("cpu_info", "proc/cpuinfo", captured("debian12/proc/cpuinfo")),
    planted("cpu_info", "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", b"3900000\n",
            beside={"proc/cpuinfo": captured("debian12/proc/cpuinfo")}),
    planted("system_info", "proc/meminfo", captured("debian12/proc/meminfo")),
    planted("cpu_time", "proc/stat", captured("debian12/proc/stat")),
    planted("uptime", "proc/uptime", captured("debian12/proc/uptime")),
    planted("mounts", "proc/mounts", captured("debian12/proc/1/mounts")),
    planted("arp_cache", "proc/net/arp", captured("debian12/proc/1/net/arp")),
    planted("acpi_tables", "sys/firmware/acpi/tables/dynamic/SSDT1", b"SSDT" + bytes(40)),
    planted("pci_devices", "sys/bus/pci/devices/0000:00:02.0/uevent", *PCI.values(), beside={PCI_IDS: IDS}),
    planted("pci_devices", PCI_IDS, IDS, beside=PCI),
    planted("usb_devices", "sys/bus/usb/devices/1-1/uevent", b"DEVTYPE=usb_device\nPRODUCT=1d6b/2/606\nBUSNUM=001\n"
            b"DEVNUM=002\nMAJOR=189\nMINOR=1\n", beside={"sys/bus/usb/devices/1-1/idVendor": b"1d6b\n"}),
    planted("apparmor_profiles", "sys/kernel/security/apparmor/policy/profiles/a/name", b"/usr/bin/man\n"),
    planted("selinux_settings", "sys/fs/selinux/booleans/httpd", b"1 0", beside={"sys/fs/selinux/enforce": b"1"}),
    # processes
    *(
        planted("processes", f"proc/412/{name}", captured(f"debian12/proc/412/{name}"), beside=PROCESS)
        for name in ("stat", "status", "cmdline", "cgroup", "io")
    ),
    planted("process_envs", "proc/412/environ", captured("debian12/proc/412/environ"), beside=PROCESS),
    planted("process_memory_map", "proc/412/maps", captured("debian12/proc/733/maps"), beside=PROCESS),
    planted("process_ancestry", "proc/412/stat", STAT, beside=PROCESS | {"proc/1/stat": STAT}),
    *(
        planted("process_open_sockets", f"proc/net/{name}", captured(f"debian12/proc/1/net/{name}"),
                beside=PROCESS | {"proc/412/fd/3": "socket:[2101]"})
        for name in ("tcp", "tcp6", "udp", "raw", "unix", "packet")
    ),
    planted("process_envs", "proc/412/status", captured("debian12/proc/412/status"), pid=412, beside=PROCESS),
    *(
        named(table, "proc", {name.removeprefix("proc/412"): one for name, one in PROCESS.items()}, b"412", b"9" * 20,
              beside={"proc/1/stat": STAT, "proc/net/tcp": captured("debian12/proc/1/net/tcp")})
        for table in ("processes", "process_open_files", "process_namespaces")
    ),
    named("process_open_files", "proc/412/fd", {"": "/etc/passwd"}, b"3", b"9" * 20, beside=PROCESS),
    *(
        linked(table, "proc/412/fd/3", b"socket:[2101]", b"pipe:[5]", b"/etc/x",
               beside=PROCESS | {"proc/net/tcp": captured("debian12/proc/1/net/tcp")})
        for table in ("process_open_files", "process_open_pipes", "process_open_sockets")
    ),
    *(
        linked(table, f"proc/412/{name}", seed, b"/usr/sbin/sshd (deleted)", beside=PROCESS)
        for table, name, seed in (("processes", "exe", b"/usr/sbin/sshd"), ("processes", "cwd", b"/"),
                                  ("process_namespaces", "ns/net", b"net:[4026531840]"))
    ),
    plain("sockets", lambda data: (sockets.internet(data, 2, 6), sockets.internet(data, 10, 6), sockets.unix(data),
                                   sockets.packet(data)), captured("debian12/proc/1/net/tcp6")),
    plain("cgroup", cgroup.found, captured("debian12/proc/412/cgroup")),
    # disks
    plain("superblock", spread, *seeds.filesystems()),
    plain("superblock_start", lambda data: superblock.probe(disk(data)), *(one[1:] for one in seeds.filesystems())),
    plain("luks", lambda data: luks.header(disk(data)), seeds.luks2(), b"LUKS\xba\xbe\0\1aes".ljust(300, b"\0")),
    plain("luks_second", lambda data: luks.header(disk(bytes(0x4000) + data)), b"SKUL" + seeds.luks2()[4:]),
    planted("block_devices", "dev/sda", *(one[1:] for one in seeds.filesystems()), beside=DISK),
    planted("block_devices", "run/udev/data/b8:0", b"E:ID_MODEL=x\nE:ID_FS_TYPE=ext4\nE:ID_FS_LABEL=a\n", beside=DISK),
    planted("disk_encryption", "sys/class/block/dm-0/dm/uuid", b"CRYPT-LUKS2-00-name\n",
            beside={**DISK, "sys/class/block/dm-0/dev": b"254:0\n", "dev/sda": seeds.luks2(),
                    "sys/class/block/dm-0/slaves/sda": "../../sda"}),
    # files
    planted("elf_info", "file", seeds.elf(), seeds.elf(32, ">"), path="/file"),
    plain("capabilities", lambda data: xattr.text(xattr.CAPABILITY, data), bytes.fromhex("010000010020000000000000"),
          bytes.fromhex("010000030020000000000000000000000000000003000000")),
    plain("xattr_text", lambda data: xattr.text("user.x", data), b"text\0", b"\1\2"),
    stored("lines", lines.read, b"one\r\ntwo\nthree"),
    planted("file_lines", "file", b"one\r\ntwo\nthree", path="/file"),
    planted("parse_json", "file", JSON, path="/file"),
    planted("parse_jsonl", "file", JSON + b"\n[]\n5", path="/file"),
    planted("parse_xml", "file", b'<?xml version="1.0"?><!-- x --><a b="c" xmlns:n="u">d&amp;<e/><![CDATA[f]]></a>',
            path="/file"),
    planted("parse_yaml", "file", b"a: &x [1, 2.5, 0x1f, ~]\nb: *x\n<<: {c: d}\n? [q]\n: |\n  e\n---\n!!binary Zg==\n",
            path="/file"),
    planted("parse_toml", "file", b'a = 1\n[b.c]\nd = 1979-05-27T07:32:00Z\ne = [1.5, inf]\n[[f]]\ng = """x"""\n',
            path="/file"),
    planted("parse_ini", "file", b"[a]\nb = c\nd\n e : f ; g\n", path="/file"),
    plain("jsontext", told(lambda data: [list(jsontext.values(data.decode(), 100)),
                                         list(jsontext.documents(data.decode(), 100))]), JSON),
    plain("initext", told(lambda data: initext.entries(data.decode())), b"[a]\nb = c\n  d\n; e\n"),
    plain("markup", told(elements_of_xml), b'<?xml version="1.0" encoding="utf-16"?><a b="c">&amp;</a>'),
    stored("zip", lambda path: zipmember.read(path, b"META-INF/plugin.xml", 1 << 20), seeds.archive()),
    stored("sqlite", database, seeds.rpm_sqlite(), seeds.sqlite(("CREATE TABLE t (a, b)", ()),
                                                              ("INSERT INTO t VALUES (1.5, 'x')", ()))),
    plain("desktop", desktop.entry, b"[Desktop Entry]\nName=x\nName[de]=y\nExec=z\nHidden=true\n"),
    # keys and certificates
    plain("der", told(elements), seeds.certificate()),
    plain("x509", certificate, seeds.certificate()),
    planted("certificates", "etc/ssl/certs/ca-certificates.crt", PEM, seeds.certificate(),
            path="/etc/ssl/certs/ca-certificates.crt"),
    plain("pem", lambda data: (pem.blocks(data), pem.certificates(data)), PEM, *seeds.private_keys()),
    plain("sshkeys", sshkeys.parse, *seeds.private_keys()),
    planted("user_ssh_keys", SSH + "/id", *seeds.private_keys(), beside=HOME),
    planted("authorized_keys", SSH + "/authorized_keys",
            captured("fedora41/home/fedora/.ssh/authorized_keys"), b'command="a \\"b",no-pty ssh-rsa AAAA x\n',
            beside=HOME),
    planted("known_hosts", SSH + "/known_hosts", b"@revoked h,[h]:22 ssh-rsa AA\n|1|a=|b= ssh-rsa A\n", beside=HOME),
    planted("ssh_configs", SSH + "/config", b'Host "a b" !c\n  Port=22\nMatch all\n Include /etc/ssh/*\n', beside=HOME),
    # users
    planted("users", "etc/passwd", PASSWD),
    planted("groups", "etc/group", captured("debian12/etc/group")),
    planted("user_groups", "etc/group", captured("debian12/etc/group"), beside={"etc/passwd": PASSWD}),
    planted("shadow", "etc/shadow", captured("fedora41/etc/shadow")),
    planted("sudoers", "etc/sudoers", captured("fedora41/etc/sudoers") + b"@include /etc/sudoers\n#includedir /etc\n"),
    plain("utmp", utmp.records, seeds.utmp(), captured("debian12/var/log/wtmp")),
    planted("last", "var/log/wtmp", seeds.utmp()),
    planted("logged_in_users", "run/utmp", seeds.utmp(), captured("debian12/run/utmp")),
    planted("shell_history", "home/ada/.bash_history", b"#1700000000\nls\n\\\n", beside=HOME),
    planted("shell_history", "home/ada/.zsh_history", b": 1700000000:0;ls \\\n -l\n: 5:6;\x83\xa1\n", beside=HOME),
    # packages
    planted("deb_packages", "var/lib/dpkg/status", STATUS),
    planted("deb_packages", "var/lib/dpkg/updates/0001", STATUS, beside={"var/lib/dpkg/status": STATUS}),
    planted("deb_package_files", "var/lib/dpkg/info/abacus.list", b"/.\n/usr\n/usr/bin/abacus\n",
            beside={"var/lib/dpkg/status": b"Package: abacus\nStatus: install ok installed\nVersion: 1\n\n"}),
    planted("apt_sources", "etc/apt/sources.list", *SOURCES.values(), b"deb [ a=b c=d ] cdrom:[x y]/ ./\n",
            beside={RELEASE: b"Origin: Debian\n"}),
    planted("apt_sources", "etc/apt/sources.list.d/x.sources",
            captured("ubuntu2404/etc/apt/sources.list.d/ubuntu.sources"),
            b"Types: deb\nURIs: http://deb.example.org/debian\nSuites: stable\nComponents: main\n",
            beside={RELEASE: b"Origin: Debian\n"}),
    planted("apt_sources", RELEASE, b"-----BEGIN PGP SIGNED MESSAGE-----\n\nOrigin: Debian\nSuite: stable\nX:\n y\n",
            beside=SOURCES),
    planted("apk_packages", "lib/apk/db/installed", captured("alpine320/lib/apk/db/installed")[:1500]),
    plain("rpm_header", told(header), seeds.rpm_header()),
    planted("rpm_package_files", "var/lib/rpm/rpmdb.sqlite", seeds.rpm_sqlite()),
    *(
        planted("rpm_packages", f"var/lib/rpm/{name}", database_of())
        for name, database_of in (("rpmdb.sqlite", seeds.rpm_sqlite), ("Packages.db", seeds.rpm_ndb),
                                  ("Packages", seeds.rpm_bdb))
    ),
    planted("yum_sources", "etc/yum.repos.d/a.repo", captured("fedora41/etc/yum.repos.d/fedora.repo")),
    planted("yum_sources", "etc/dnf/dnf.conf", b"[main]\nreposdir=/etc/x, /etc/y\n  /z\n[a]\nname=b\nenabled=1\n"),
    planted("npm_packages", "usr/lib/node_modules/npm/package.json",
            captured("fedora41/usr/lib/node_modules/npm/package.json"),
            b'{"name": "a", "author": {"name": "b"}, "license": {"type": "MIT"}, "homepage": 5}'),
    planted("python_packages", f"{SITE}/a.dist-info/METADATA", METADATA),
    planted("python_packages", f"{SITE}/a.egg-link", b"/src\n.", beside={"src/a.egg-info/PKG-INFO": b"Name: a\n"}),
    planted("python_environments", "opt/app/venv/pyvenv.cfg", captured("alpine320/opt/app/venv/pyvenv.cfg"),
            beside={"opt/app/venv/lib/python3.12/site-packages/x": b""}),
    planted("portage_packages", "var/db/pkg/sys-apps/portage-3.0-r1/SIZE", b"12345\n",
            beside={"var/db/pkg/sys-apps/portage-3.0-r1/SLOT": b"0\n"}),
    planted("portage_packages", "var/lib/portage/world", b"sys-apps/portage\n>=a/b-1-r3:0::gentoo\n",
            beside={"var/db/pkg/sys-apps/portage-3.0-r1/SLOT": b"0\n"}),
    planted("portage_use", "var/db/pkg/sys-apps/portage-3.0-r1/USE", b"a -b c\n"),
    planted("portage_keywords", "etc/portage/package.keywords", b">=sys-apps/a-2.1-r3:0 ~amd64 **\n# x\n"),
    # configuration of the system
    planted("etc_hosts", "etc/hosts", captured("debian12/etc/hosts")),
    planted("etc_services", "etc/services", captured("debian12/etc/services")),
    planted("etc_protocols", "etc/protocols", captured("fedora41/etc/protocols")),
    planted("dns_resolvers", "etc/resolv.conf", captured("fedora41/etc/resolv.conf")
            + b"sortlist 10.0.0.0/255.0.0.0\noptions ndots:5 timeout:1 rotate\nnameserver fe80::1%eth0\n"),
    planted("crontab", "etc/crontab", captured("debian12/etc/crontab")),
    planted("crontab", "var/spool/cron/crontabs/ada", captured("debian12/var/spool/cron/crontabs/ada")),
    planted("os_version", "etc/os-release", captured("alpine320/etc/os-release"), b"ID='a\\'b'\nVERSION=\"1 (x)\"\n"),
    planted("os_version", "etc/redhat-release", b"CentOS release 6.10 (Final)\n"),
    planted("os_version", "etc/gentoo-release", b"Gentoo Base System release 2.17\n"),
    planted("system_controls", "etc/sysctl.conf", b"net.ipv4.ip_forward = 1\n-kernel/x=2\n;\nnet.ipv4.conf.*.x=1\n",
            beside={"proc/sys/net/ipv4/ip_forward": b"0\n", "proc/sys/kernel/x": b"1\t2\n"}),
    planted("startup_items", "etc/xdg/autostart/a.desktop", b"[Desktop Entry]\nName=x\nExec=z\nHidden=true\n"),
    planted("startup_items", "etc/systemd/system/a.service", UNIT),
    planted("systemd_units", "etc/systemd/system/a.service", UNIT),
    planted("systemd_timers", "etc/systemd/system/a.timer", UNIT, beside={"etc/systemd/system/a.service": UNIT}),
    plain("unit_file", units, UNIT, b"dev-disk-by\\x2duuid\\x5cx.swap"),
    planted("system_info", "sys/class/dmi/id/product_uuid", b"4c4c4544-0042-3510-8051-b4c04f435831\n"),
    planted("system_info", "etc/hostname", b"host\n"),
    planted("carbon_black_info", "var/lib/cb/sensorsettings.ini", b"[CB]\nSensorBackendServer=https://x:443\nX=5\n",
            beside={"var/lib/cb/sensor.id": b"1122334455667788"}),
    # the journal
    planted("systemd_journal", f"var/log/journal/{'a' * 32}/system.journal", seeds.journal(), seeds.journal(True),
            unit="a.service"),
    planted("systemd_journal", "run/log/journal/x/user-1000.journal", seeds.journal(), seeds.journal(True),
            time=1_700_000_000),
    plain("lz4", told(lambda data: compression.lz4(data, 1 << 20)), b"\x1fa\1\0\xff\x05\x80aaaaaaaa"),
    plain("unpacked", told(lambda data: compression.unpacked(data[1:], data[0] & 7 if data else 0, 1 << 20)),
          b"\2\5\0\0\0\0\0\0\0\x50hello", b"\4" + bytes.fromhex("28b52ffd200521000068656c6c6f"),
          b"\1\xfd7zXZ\0\0\4" + bytes(20)),
    # applications
    planted("chrome_extensions", f"{CHROME}/Preferences", b'{"profile": {"name": "Work"}, "extensions": {"settings": {'
            b'"a": {"path": "a/1_0", "from_webstore": true, "state": 1, "install_time": "13300000000000000"}}}}',
            beside=HOME | {f"{CHROME}/Extensions/a/1_0/manifest.json": b'{"name": "a", "version": "1"}'}),
    *(
        planted(table, f"{CHROME}/Extensions/a/1_0/manifest.json",
                b'{"name": "__MSG_n__", "version": "1", "default_locale": "en", "key": "YQ==", "permissions": ["t"],'
                b'"content_scripts": [{"matches": ["<all_urls>"], "js": ["a"]}], "background": {"persistent": true}}',
                beside=HOME | {f"{CHROME}/Preferences": b"{}",
                               f"{CHROME}/Extensions/a/1_0/_locales/en/messages.json": b'{"N": {"message": "M"}}'})
        for table in ("chrome_extensions", "chrome_extension_content_scripts")
    ),
    planted("chrome_extensions", f"{CHROME}/Extensions/a/1_0/_locales/en/messages.json", b'{"N": {"message": "M"}}',
            beside=HOME | {f"{CHROME}/Preferences": b"{}", f"{CHROME}/Extensions/a/1_0/manifest.json":
                           b'{"name": "__MSG_n__", "version": "1", "default_locale": "en"}'}),
    planted("firefox_addons", "home/ada/.mozilla/firefox/x.default/extensions.json", b'{"addons": [{"id": "a@b",'
            b'"defaultLocale": {"name": "A", "creator": null}, "version": "1", "visible": true, "active": false,'
            b'"userDisabled": true, "applyBackgroundUpdates": 1, "path": "/x"}]}', beside=HOME),
    planted("vscode_extensions", "home/ada/.vscode/extensions/extensions.json", b'[{"identifier": {"id": "a.b"},'
            b'"version": "1", "location": {"path": "/x"}, "metadata": {"id": "u", "installedTimestamp": 5,'
            b'"isPreReleaseVersion": false, "publisherDisplayName": "P"}}]', beside=HOME),
    planted("jetbrains_plugins", "home/ada/.local/share/JetBrains/GoLand2024.1/a/lib/a.jar", seeds.archive(),
            beside=HOME),
    plain("documents", document, b'/* c */ {"a": 1, "b": "5", "c": "1.5", "d": true, "e": "2024-01-01T00:00:00.5Z", '
          b'"f": "sha256:ab", "g": ["x"], "h": {"k": "v"}} // x', JSON),
    # names
    named("systemd_units", "etc/systemd/system", {"": UNIT}, b"a@b\\x2dc.service"),
    named("startup_items", "etc/xdg/autostart", {"": b"[Desktop Entry]\nName=x\n"}, b"a.desktop"),
    named("python_packages", "usr/lib", {"/site-packages/a.dist-info/METADATA": METADATA}, b"python3.11"),
    named("python_packages", SITE, {"/METADATA": METADATA}, b"a-1.0.dist-info", b"a.egg-info"),
    named("portage_packages", "var/db/pkg/sys-apps", {"/SLOT": b"0\n"}, b"portage-3.0-r1", b"-MERGING-a-1"),
    named("npm_packages", "usr/lib/node_modules", {"/package.json": b'{"name": "a"}'}, b"npm", b"@scope"),
    named("deb_package_files", "var/lib/dpkg/info", {"": b"/usr\n"}, b"abacus:amd64.list", beside={
        "var/lib/dpkg/status": b"Package: abacus\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"}),
    named("crontab", "etc/cron.d", {"": b"* * * * * root true\n"}, b"job"),
    named("secureboot_certificates", "sys/firmware/efi/efivars",
          {"": b"\7\0\0\0" + seeds.signatures(efi.X509, seeds.certificate())}, DB),
    named("acpi_tables", "sys/firmware/acpi/tables", {"": b"DSDT"}, b"DSDT"),
    named("block_devices", "sys/class/block", {"/dev": b"8:0\n", "/size": b"64\n"}, b"sda", b"cciss!c0d0"),
    named("pci_devices", "sys/bus/pci/devices", {"/uevent": b"PCI_ID=8086:5916\n"}, b"0000:00:02.0"),
    named("system_controls", "proc/sys/net/ipv4/conf", {"/forwarding": b"1\n"}, b"eth0.10"),
    named("selinux_settings", "sys/fs/selinux/booleans", {"": b"1 0"}, b"httpd",
          beside={"sys/fs/selinux/enforce": b"1"}),
    named("user_ssh_keys", SSH, {"": seeds.private_keys()[0]}, b"id_ecdsa", beside=HOME),
    named("jetbrains_plugins", "home/ada/.local/share/JetBrains", {"/a/lib/a.jar": seeds.archive()}, b"GoLand2024.1",
          beside=HOME),
    named("chrome_extensions", f"{CHROME}/Extensions", {"/1_0/manifest.json": b'{"name": "a", "version": "1"}'}, b"a",
          beside=HOME | {f"{CHROME}/Preferences": b"{}"}),
    named("systemd_journal", "var/log/journal", {"/system.journal": seeds.journal()}, b"a" * 32, time=1_700_000_000),
    linked("startup_items", "etc/systemd/system/multi-user.target.wants/a.service", b"/lib/systemd/system/a.service",
           b"../../../../../dev/null", beside={"lib/systemd/system/a.service": UNIT}),
    # services
    plain("http1", told(exchange), ANSWER, b"HTTP/1.1 302 F\r\nLocation: /x\r\nContent-Length: 3\r\n\r\nabc"),
    Target("grpc", answering(call), (seeds.GRPC, seeds.GRPC_ERROR)),
    Target("bus", answering(speak), (MESSAGE,)),
    plain("protobuf", told(message), seeds.PROTOBUF),
    plain("cri_container", told(lambda data: cri.Container(data)), seeds.PROTOBUF),
    plain("prometheus", exposition.samples, b'# HELP a b\na{b="c\\"}",d="e"} 1.5e3 1700000000000\nf NaN\ng +Inf -5\n'),
]  # fmt: skip
