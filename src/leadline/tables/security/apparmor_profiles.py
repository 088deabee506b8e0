"""The apparmor_profiles table."""

from __future__ import annotations

from leadline.linux import apparmor
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "apparmor_profiles",
    Column("path", TEXT, "Name, after those of the profiles it is nested in, joined by `//`.", index=True),
    Column("name", TEXT, "Name of the profile."),
    Column("attach", TEXT, "Programs it applies to, as a pattern of paths."),
    Column("mode", TEXT, "enforce, complain, kill, unconfined or user."),
    Column("sha1", TEXT, "SHA-1 of the loaded profile, where the kernel keeps that.", collate="nocase"),
    Column("sha256", TEXT, "SHA-256 of the loaded profile, where the kernel keeps that.", collate="nocase"),
    platforms=LINUX,
    examples=[
        "SELECT path, attach FROM apparmor_profiles WHERE mode = 'complain'",
        "SELECT mode, count(*) AS profiles FROM apparmor_profiles GROUP BY mode",
    ],
    notes=(
        "From the policy tree below /sys/kernel/security/apparmor, which needs root; empty where AppArmor is off."
        " Kernels before 6.8 keep SHA-1, later ones SHA-256."
    ),
)
def apparmor_profiles(query: Query) -> Rows:
    """Profiles that AppArmor has loaded, and how it applies them."""
    for one in apparmor.profiles(query.root, query.cancelled):
        yield one.path, one.name, one.attach, one.mode, one.sha1, one.sha256
