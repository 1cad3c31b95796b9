"""What the domain name system says. Nothing else in the project asks it."""

from __future__ import annotations

import dns.exception
import dns.resolver
from django.conf import settings

ONE_SERVER_SECONDS = 2.0
ALL_SERVERS_SECONDS = 5.0


class NameServersUnreachable(Exception):
    """Nobody could be asked, or nobody knew: that says nothing about the record."""


def txt_records(name: str) -> set[str]:
    """Every TXT record at exactly this name; none if there is no such name.

    Raises NameServersUnreachable.
    """
    resolver = dns.resolver.Resolver(configure=not settings.DNS_SERVERS)
    if settings.DNS_SERVERS:
        resolver.nameservers = settings.DNS_SERVERS
    resolver.port = settings.DNS_PORT
    resolver.timeout, resolver.lifetime = ONE_SERVER_SECONDS, ALL_SERVERS_SECONDS
    try:
        answer = resolver.resolve(f"{name}.", "TXT", search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return set()
    except (dns.exception.DNSException, OSError) as error:
        raise NameServersUnreachable(name) from error
    return {b"".join(record.strings).decode("ascii", "replace") for record in answer}
