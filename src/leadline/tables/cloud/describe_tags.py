"""The DescribeTags action of the EC2 API (Amazon EC2 API Reference, version 2016-11-15)."""

from __future__ import annotations

from leadline.linux import metadata, sigv4
from leadline.linux.text import clean
from leadline.tables.cloud import aws_access
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.linux.sigv4 import Credentials
    from leadline.sql.schema import Query
    from leadline.tables.cloud.imds import Session

_PAGE = 50  # as many tags as an instance can have, apart from those of AWS itself
_PAGES = 20
_CONNECT_SECONDS = 3.0
_SECONDS = 10.0
_DOMAINS = (("cn-", "amazonaws.com.cn"), ("us-isob-", "sc2s.sgov.gov"), ("us-iso-", "c2s.ic.gov"))


def tags(query: Query, session: Session, instance: str, region: str) -> Iterator[tuple[str, str]]:
    """Names and values of the instance's tags. Says why when they cannot be had."""
    import re

    if not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}", region):
        query.warn(f"{region!r} is no region of AWS")
        return
    keys = aws_access.credentials(query, session)
    if keys is None:
        query.warn("the tags of the instance need a role, or tags in its metadata: there are no credentials for AWS")
        return
    page: str | None = ""
    for _ in range(_PAGES):
        if page is None:
            break
        found, page = _page(query, keys, region, instance, page)
        yield from found


def _page(
    query: Query, keys: Credentials, region: str, instance: str, page: str
) -> tuple[list[tuple[str, str]], str | None]:
    """The tags on one page of the answer, and what the next page goes by, if there is one."""
    from urllib.parse import quote, urlsplit

    parameters = {
        "Action": "DescribeTags",
        "Version": "2016-11-15",
        "MaxResults": str(_PAGE),
        "Filter.1.Name": "resource-id",
        "Filter.1.Value.1": instance,
    }
    if page:
        parameters["NextToken"] = page
    body = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in parameters.items()).encode()
    endpoint = _endpoint(query, region)
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    host = {"Host": urlsplit(endpoint).netloc}
    try:
        signed = sigv4.sign(keys, region, "ec2", query.clock(), "POST", "/", headers | host, body)
        del signed["Host"]
        reply = metadata.ask(
            endpoint,
            "/",
            signed,
            method="POST",
            body=body,
            proxy=runtime.text(query, "proxy_hostname", ""),
            connect=_CONNECT_SECONDS,
            seconds=_SECONDS,
            cancelled=query.cancelled,
        )
        elements = _elements(reply.body)
    except (OSError, ValueError) as error:
        query.warn(f"{endpoint} does not describe the tags of the instance: {error}")
        return [], None
    if reply.status != 200:
        reason = next((text for path, text in elements if path.endswith("/Message")), "")
        query.warn(f"{endpoint} does not describe the tags of the instance: status {reply.status} {reason[:500]}")
        return [], None
    return _found(elements)


def _endpoint(query: Query, region: str) -> str:
    named = runtime.text(query, "aws_ec2_endpoint", "")
    if named:
        return named.rstrip("/")
    # The service of the government's regions keeps to FIPS under its ordinary name.
    fips = runtime.switch(query, "aws_enforce_fips", False) and not region.startswith("us-gov")
    domain = next((domain for start, domain in _DOMAINS if region.startswith(start)), "amazonaws.com")
    return f"https://ec2{'-fips' if fips else ''}.{region}.{domain}"


def _found(elements: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], str | None]:
    found: list[tuple[str, str]] = []
    page = None
    key = ""
    value = ""
    for path, text in elements:
        if path == "/DescribeTagsResponse/tagSet/item/key":
            key = text
        elif path == "/DescribeTagsResponse/tagSet/item/value":
            value = text
        elif path == "/DescribeTagsResponse/tagSet/item":
            found.append((key, value))
            key = value = ""
        elif path == "/DescribeTagsResponse/nextToken":
            page = text or None
    return found, page


def _elements(data: bytes) -> list[tuple[str, str]]:
    """Each element of an XML document at its end: its path, without namespaces, and the text in it.

    Raises ValueError for what is no XML, and for documents that declare entities, which EC2 has no use for.
    """
    from xml.parsers.expat import ExpatError, ParserCreate

    path = [""]
    text: list[str] = []
    elements: list[tuple[str, str]] = []

    def start(name: str, _attributes: object) -> None:
        path.append(name.rpartition(" ")[2])
        text.clear()
        if len(path) > 50:
            raise ValueError("the answer is nested too deeply")

    def end(_name: str) -> None:
        elements.append(("/".join(path), clean("".join(text))))
        path.pop()
        text.clear()

    def entity(*_declaration: object) -> None:
        raise ValueError("the answer declares entities")

    parser = ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(data, True)
    except ExpatError as error:
        raise ValueError(f"the answer is not XML: {error}") from error
    return elements
