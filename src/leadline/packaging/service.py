"""What starts the agent on a machine: the systemd unit, the script for machines without systemd, and the flag file."""

from __future__ import annotations

HOME = "/opt/leadline"
ETC = "/etc/leadline"
STATE = "/var/lib/leadline"
LOGS = "/var/log/leadline"
RUN = "/run/leadline"
NAME = "leadline-agent"
UNIT = f"/usr/lib/systemd/system/{NAME}.service"
SCRIPT = f"/etc/init.d/{NAME}"

FLAGS = f"""\
# Flags of the Leadline agent; see /opt/leadline/bin/leadline agent --help. Your changes survive upgrades.
--tls_hostname={{address}}
--tls_server_certs={ETC}/ca.pem
--enroll_secret_path={ETC}/enroll_secret
--enroll_tls_endpoint=/api/osquery/enroll
--config_plugin=tls
--config_tls_endpoint=/api/osquery/config
--config_refresh=60
--config_enable_backup
--logger_plugin=tls
--logger_tls_endpoint=/api/osquery/log
--disable_distributed=false
--distributed_plugin=tls
--distributed_tls_read_endpoint=/api/osquery/distributed/read
--distributed_tls_write_endpoint=/api/osquery/distributed/write
--host_identifier=uuid
--database_path={STATE}/database
--logger_path={LOGS}
--pidfile={RUN}/agent.pid
--extensions_socket={RUN}/agent.em
--extensions_autoload={ETC}/extensions.load
"""

SYSTEMD = f"""\
[Unit]
Description=Leadline agent (osquery-compatible)
Documentation=https://osquery.readthedocs.io/
After=network.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={HOME}/bin/python3 -P -m leadline agent --flagfile={ETC}/agent.flags
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=10
RestartPreventExitStatus=78
WatchdogSec=120
TimeoutStartSec=300
TimeoutStopSec=20
KillMode=mixed
StateDirectory=leadline
StateDirectoryMode=0700
LogsDirectory=leadline
LogsDirectoryMode=0750
RuntimeDirectory=leadline
RuntimeDirectoryMode=0750
CPUWeight=20
TasksMax=512
OOMScoreAdjust=500

# The agent reads everything and changes nothing but its own directories.
ProtectSystem=strict
ProtectHome=read-only
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectClock=yes
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
CapabilityBoundingSet=~CAP_SYS_BOOT CAP_SYS_TIME CAP_SYS_MODULE CAP_MKNOD CAP_WAKE_ALARM CAP_LEASE CAP_SETFCAP

[Install]
WantedBy=multi-user.target
"""

SYSV = f"""\
#!/bin/sh
### BEGIN INIT INFO
# Provides:          {NAME}
# Required-Start:    $remote_fs $network
# Required-Stop:     $remote_fs $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Leadline agent
### END INIT INFO

PYTHON={HOME}/bin/python3
FLAGS={ETC}/agent.flags
PIDFILE={RUN}/agent.pid

running() {{
    [ -s "$PIDFILE" ] && kill -0 "$(cat "$PIDFILE")" 2>/dev/null
}}

start() {{
    running && return 0
    mkdir -p {RUN} {STATE} {LOGS} && chmod 0750 {RUN} {LOGS} && chmod 0700 {STATE} || return 1
    "$PYTHON" -P -m leadline agent --flagfile="$FLAGS" --daemonize || return 1
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        running && return 0
        sleep 1
    done
    return 1
}}

stop() {{
    running || return 0
    pid=$(cat "$PIDFILE")
    kill "$pid"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 1
    done
    kill -9 "$pid"
}}

case "$1" in
    start) start ;;
    stop) stop ;;
    restart|force-reload) stop; start ;;
    reload) running && kill -HUP "$(cat "$PIDFILE")" ;;
    status) if running; then echo "{NAME} is running"; else echo "{NAME} is not running"; exit 3; fi ;;
    *) echo "usage: $0 start|stop|restart|reload|status" >&2; exit 2 ;;
esac
"""

START = f"""\
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl enable {NAME}.service >/dev/null
    systemctl restart {NAME}.service
else
    if command -v update-rc.d >/dev/null; then update-rc.d {NAME} defaults >/dev/null
    elif command -v chkconfig >/dev/null; then chkconfig --add {NAME}; fi
    {SCRIPT} start
fi
"""

STOP = f"""\
if [ -d /run/systemd/system ]; then
    systemctl stop {NAME}.service || true
elif [ -x {SCRIPT} ]; then
    {SCRIPT} stop || true
fi
"""

DISABLE = f"""\
if [ -d /run/systemd/system ]; then systemctl disable {NAME}.service >/dev/null 2>&1 || true; fi
"""

FORGET = f"""\
if command -v update-rc.d >/dev/null; then update-rc.d {NAME} remove >/dev/null || true; fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
rm -rf {STATE} {LOGS} {RUN} {ETC}
"""
