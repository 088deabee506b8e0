"""The processes table."""

from __future__ import annotations

from leadline.linux import proc
from leadline.sql.schema import BIGINT, INTEGER, LINUX, MACOS, TEXT, WINDOWS, Column, Query, Rows, table
from leadline.tables import context

NO_STAT = ("", 0, 0, 0, 0, 0, 0, 0, False)
NO_STATUS = ("", 0, 0, 0, 0, 0, 0, None, None)
STAT = ("state", "user_time", "system_time", "start_time", "parent", "pgroup", "threads", "nice")
STATUS = ("name", "uid", "gid", "euid", "egid", "suid", "sgid", "resident_size", "total_size")


@table(
    "processes",
    Column("pid", BIGINT, "Process id.", index=True, optimized=True),
    Column("name", TEXT, "Short name, at most 15 bytes, that the process carries; it can change it."),
    Column("path", TEXT, "Path of the program file; empty for kernel threads."),
    Column("cmdline", TEXT, "Arguments, separated by spaces."),
    Column("state", TEXT, "State: R running, S sleeping, D waiting for a device, T stopped, Z zombie, I idle."),
    Column("cwd", TEXT, "Current working directory."),
    Column("root", TEXT, "Directory that the process sees as /."),
    Column("uid", BIGINT, "Real user id."),
    Column("gid", BIGINT, "Real group id."),
    Column("euid", BIGINT, "Effective user id."),
    Column("egid", BIGINT, "Effective group id."),
    Column("suid", BIGINT, "Saved user id."),
    Column("sgid", BIGINT, "Saved group id."),
    Column("on_disk", INTEGER, "1 when the program file exists, 0 when it was deleted, -1 when that is not known."),
    Column("wired_size", BIGINT, "Bytes of memory that cannot be paged out; always 0 on Linux."),
    Column("resident_size", BIGINT, "Bytes of physical memory in use."),
    Column("total_size", BIGINT, "Bytes of virtual memory."),
    Column("user_time", BIGINT, "Milliseconds of CPU spent in user space."),
    Column("system_time", BIGINT, "Milliseconds of CPU spent in the kernel."),
    Column("disk_bytes_read", BIGINT, "Bytes fetched from storage."),
    Column("disk_bytes_written", BIGINT, "Bytes sent to storage, less those discarded before they were written."),
    Column("start_time", BIGINT, "Start in seconds since 1970, -1 when it is not known."),
    Column("parent", BIGINT, "Process id of the parent."),
    Column("pgroup", BIGINT, "Process group."),
    Column("threads", INTEGER, "Number of threads."),
    Column("nice", INTEGER, "Nice value: from -20, most favoured, to 19."),
    Column("elevated_token", INTEGER, "1 when the process runs with an elevated token.", platforms=WINDOWS),
    Column("secure_process", INTEGER, "1 for a secure (IUM) process.", platforms=WINDOWS),
    Column("protection_type", TEXT, "Kind of protection of the process.", platforms=WINDOWS),
    Column("virtual_process", INTEGER, "1 for a process without a program, such as Registry.", platforms=WINDOWS),
    Column("elapsed_time", BIGINT, "Seconds that the process has been running.", platforms=WINDOWS),
    Column("handle_count", BIGINT, "Number of open handles.", platforms=WINDOWS),
    Column("percent_processor_time", BIGINT, "Processor time used, in units of 100 ns.", platforms=WINDOWS),
    Column("upid", BIGINT, "64-bit process id that is never used again.", platforms=MACOS),
    Column("uppid", BIGINT, "64-bit process id of the parent.", platforms=MACOS),
    Column("cpu_type", INTEGER, "Processor type the program was built for.", platforms=MACOS),
    Column("cpu_subtype", INTEGER, "Processor subtype the program was built for.", platforms=MACOS),
    Column("translated", INTEGER, "1 when the process runs translated by Rosetta.", platforms=MACOS),
    Column("cgroup_path", TEXT, "Path of the process's control group.", platforms=LINUX),
    *context.CONTEXT,
    platforms=LINUX,
    cacheable=True,
    examples=[
        "SELECT pid, name, path FROM processes WHERE on_disk = 0",
        "SELECT name, resident_size FROM processes ORDER BY resident_size DESC LIMIT 10",
    ],
    notes=(
        "From /proc. A process that ends while it is read is left out or has gaps. Memory in bytes, times in"
        " milliseconds; read and written bytes of other users' processes need root."
    ),
)
def processes(query: Query) -> Rows:
    """Every process that runs, with its program, owner, memory and times."""
    uses = query.uses
    root = query.root
    stat, status = uses(*STAT), uses(*STATUS)
    path, cmdline, cwd, top = uses("path", "on_disk"), uses("cmdline"), uses("cwd"), uses("root")
    disk, cgroup = uses("disk_bytes_read", "disk_bytes_written"), uses("cgroup_path")
    end = context.ending(query)
    hertz = proc.ticks_per_second()
    boot = proc.boot_time(root) if uses("start_time") else None
    for pid in proc.pids(root, query.equals("pid")):
        one = proc.stat(root, pid) if stat else NO_STAT
        two = proc.status(root, pid) if status else NO_STATUS
        if one is None or two is None:
            continue
        state, parent, group, user, system, nice, threads, start, kernel = one
        name, uid, gid, euid, egid, suid, sgid, resident, total = two
        program, on_disk = proc.executable(root, pid) if path and not kernel else ("", -1)
        read, written = (disk and proc.disk_bytes(root, pid)) or (None, None)
        row = (
            pid,
            name,
            program,
            proc.cmdline(root, pid) if cmdline and not kernel else "",
            state,
            proc.link(root, pid, "cwd") if cwd else "",
            proc.link(root, pid, "root") if top else "",
            uid,
            gid,
            euid,
            egid,
            suid,
            sgid,
            on_disk,
            0,
            resident,
            total,
            user * 1000 // hertz,
            system * 1000 // hertz,
            read,
            written,
            -1 if boot is None else boot + start // hertz,
            parent,
            group,
            threads,
            nice,
            proc.cgroup(root, pid) if cgroup else None,
        )
        yield row if end is None else (*row, *end(pid))
