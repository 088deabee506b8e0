from __future__ import annotations


def test_jobs_of_a_captured_root(answer, root) -> None:
    assert answer("SELECT * FROM crontab", root) == [
        (None, "17", "*", "*", "*", "*", "root cd / && run-parts --report /etc/cron.hourly", "/etc/crontab"),
        ("@reboot", None, None, None, None, None, "root /usr/local/bin/warm up", "/etc/crontab"),
        (
            None, "30", "3", "*", "*", "0", "root test -e /run/systemd/system || SERVICE_MODE=1 /usr/lib/scrub",
            "/etc/cron.d/scrub",
        ),
        (None, "*/5", "8-18", "*", "*", "mon-fri", "$HOME/bin/sync --quiet", "/var/spool/cron/crontabs/ada"),
        ("@daily", None, None, None, None, None, "/bin/echo caf\\xE9", "/var/spool/cron/crontabs/ada"),
    ]  # fmt: skip


def test_without_tables_there_are_no_jobs(answer, tmp_path) -> None:
    assert answer("SELECT * FROM crontab", str(tmp_path)) == []
