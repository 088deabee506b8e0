"""The curl table."""

from __future__ import annotations

from leadline.linux.text import decode
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Row

_AGENT = "osquery"
_SECONDS = 16.0
_LARGEST = 64 << 20  # bytes of an answer


@table(
    "curl",
    Column("url", TEXT, "Address to get.", required=True, index=True, optimized=True),
    Column("method", TEXT, "Method of the request: `GET`."),
    Column("user_agent", TEXT, "User agent of the request; name another to send that.", additional=True),
    Column("response_code", INTEGER, "Status of the answer, such as 200."),
    Column("round_trip_time", BIGINT, "Microseconds until all of the answer was there, redirects included."),
    Column("bytes", BIGINT, "Size of the answer's body."),
    Column("result", TEXT, "Body of the answer."),
    platforms=LINUX,
    live=True,
    asks="over the network of the running system",
    examples=[
        "SELECT response_code, round_trip_time, bytes FROM curl WHERE url = 'http://localhost/'",
        "SELECT result FROM curl WHERE url = 'http://localhost:8080/healthz' AND user_agent = 'monitoring'",
    ],
    notes=(
        "Asks from this machine, within 16 seconds and up to 64 MiB, following up to ten redirects. Servers are"
        " verified by `tls_server_certs` or the system's authorities. A request that fails gives NULL and a warning."
    ),
)  # fmt: skip
def curl(query: Query) -> Rows:
    """The answer to an HTTP request, and how long it took."""
    agents = query.equals("user_agent")
    if agents is not None and len(agents) != 1:
        query.warn("curl sends one user_agent: name a single one")
        return
    agent = agents[0] if agents else _AGENT
    for address in query.equals("url") or ():
        if query.cancelled():
            return
        if isinstance(address, str) and isinstance(agent, str):
            yield _row(query, address, agent)


def _row(query: Query, address: str, agent: str) -> Row:
    from time import perf_counter_ns

    from leadline.linux import web

    start = perf_counter_ns()
    try:
        reply = web.get(
            address,
            agent.replace("\r", "").replace("\n", ""),
            seconds=_SECONDS,
            limit=_LARGEST,
            authorities=runtime.text(query, "tls_server_certs", ""),
            cancelled=query.cancelled,
        )
    except (OSError, ValueError) as error:
        query.warn(f"curl could not get {address}: {error}")
        return address, "GET", agent, None, None, None, None
    microseconds = (perf_counter_ns() - start) // 1000
    return address, "GET", agent, reply.status, microseconds, len(reply.body), decode(reply.body)
