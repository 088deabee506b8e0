"""Flags of TLS and of enrolling with a server."""

from __future__ import annotations

FLAGS = (
    ("tls_hostname", "cli", "string", "", "Server, as host or host:port."),
    (
        "tls_server_certs",
        "cli",
        "string",
        "/opt/osquery/share/osquery/certs/certs.pem",
        "File (PEM) or directory (c_rehash) of certificates that the server's is checked against.",
    ),
    ("tls_client_cert", "cli", "string", "", "Client certificate file (PEM)."),
    ("tls_client_key", "cli", "string", "", "Client key file (PEM)."),
    ("tls_session_reuse", "cli", "bool", "true", "Keep the connection open between requests."),
    ("tls_session_timeout", "cli", "uint32", "3600", "Seconds that a connection is kept; 0 for as long as it lasts."),
    ("tls_accept_gzip", "cli", "bool", "false", "Accept answers packed with gzip or zstd."),
    (
        "tls_dump",
        "hidden",
        "bool",
        "false",
        "With --verbose, print requests and answers without their secrets.",
    ),
    ("tls_allow_unsafe", "hidden", "bool", "false", "Accept plain HTTP and unverified servers."),
    ("tls_node_api", "hidden", "bool", "false", "Put the node key into addresses, and read the configuration by GET."),
    ("tls_secret_always", "hidden", "bool", "false", "Put the enroll secret into the address of each request."),
    ("tls_enroll_override", "hidden", "string", "enroll_secret", "Name of the secret in the enroll request."),
    ("tls_enroll_max_attempts", "cli", "uint64", "12", "Tries to enroll; 0 never gives up."),
    ("tls_enroll_max_interval", "cli", "uint64", "600", "Longest wait in seconds between tries to enroll."),
    ("enroll_tls_endpoint", "cli", "string", "", "Path on the TLS server that enrolls hosts."),
    ("enroll_secret_path", "cli", "string", "", "File that holds the enroll secret."),
    ("enroll_secret_env", "cli", "string", "", "Environment variable that holds the enroll secret."),
    ("enroll_always", "cli", "bool", "false", "Enroll at every start."),
    ("disable_enrollment", "cli", "bool", "false", "Never enroll."),
    ("disable_reenrollment", "cli", "bool", "false", "Do not enroll again when the server rejects the node."),
    ("proxy_hostname", "cli", "string", "", "HTTP proxy for all requests, as host:port or user:password@host:port."),
    (
        "dns_resolver_refresh_interval",
        "flag",
        "int32",
        "60",
        "Seconds after which the server's name is resolved again.",
    ),
)

UNUSED = {
    "tls_allow_unsafe": "certificates are always checked; --tls_server_certs may hold the server's own",
    "dns_resolver_refresh_interval": "names are looked up anew for each connection",
}
