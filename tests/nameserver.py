"""A small name server on loopback, for what the hub asks DNS."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest


class NameServer:
    """`records`: the TXT records by name; every other name there is none. `is_silent`: no answer;
    `fails`: the answer of a server that does not know either."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.is_silent = self.fails = False
        self.asked: list[str] = []

    def answer(self, query: bytes) -> bytes | None:
        question = dns.message.from_wire(query)
        name = question.question[0].name.to_text(omit_final_dot=True)
        self.asked.append(name)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.AA | dns.flags.RA
        if self.fails:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif texts := self.records.get(name):
            quoted = [f'"{text}"' for text in texts]
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *quoted))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return None if self.is_silent else answer.to_wire()


@contextmanager
def serving(server: NameServer) -> Iterator[int]:
    """The port at which it answers."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            query, line = self.request
            if (answer := server.answer(query)) is not None:
                line.sendto(answer, self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as udp:
        threading.Thread(target=udp.serve_forever, args=[0.02], daemon=True).start()
        yield udp.server_address[1]
        udp.shutdown()


@pytest.fixture
def name_server(settings: Any) -> Iterator[NameServer]:
    server = NameServer()
    with serving(server) as port:
        settings.DNS_SERVERS, settings.DNS_PORT = ["127.0.0.1"], port
        yield server
