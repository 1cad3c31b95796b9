"""Runs the stand-in for Stripe on this machine, for the demo and for browser tests."""

import errno
import signal
import threading
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import events
from billing.sandbox.accounts import KEY
from billing.sandbox.app import App
from billing.sandbox.delivery import Courier
from billing.sandbox.machine import Sandbox
from billing.sandbox.server import SandboxServer
from billing.sandbox.webhook_endpoints import listen_to_connected

HUB = f"{settings.PUBLIC_SCHEME}://{{account}}.{settings.HUB_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}/"


class Command(BaseCommand):
    help = "Run a stand-in for Stripe on this machine; needs STRIPE_SANDBOX=1."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=_port_of(settings.STRIPE_SANDBOX_URL))
        parser.add_argument(
            "--state",
            type=Path,
            default=settings.BASE_DIR / "var" / "sandbox.sqlite3",
            help="the file that keeps all objects",
        )
        parser.add_argument(
            "--hub-url-template",
            default=HUB,
            help="where a customer of {account} signs in",
        )
        parser.add_argument("--verbose", action="store_true", help="log each request to stderr")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.STRIPE_SANDBOX:
            raise CommandError("The sandbox stands in for Stripe: set STRIPE_SANDBOX=1 to run it.")
        state: Path = options["state"]
        state.parent.mkdir(parents=True, exist_ok=True)
        sandbox = Sandbox(path=state)
        courier = Courier(sandbox)
        app = App(sandbox, courier, hub_url_template=options["hub_url_template"])
        server = self._server(app, options)
        sandbox.be_at(server.origin)
        _tell_the_platform(sandbox)
        _stop_on_signals(server)
        courier.start()
        self.stdout.write(f"The Stripe sandbox listens at {server.origin}.")
        server.serve_forever()
        server.server_close()
        courier.stop()
        sandbox.close()
        self.stdout.write("The Stripe sandbox has stopped.")

    def _server(self, app: App, options: dict[str, Any]) -> SandboxServer:
        port = options["port"]
        try:
            return SandboxServer(options["host"], port, app, verbose=options["verbose"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CommandError(f"The sandbox cannot listen: {error.strerror}.") from error
            raise CommandError(
                f"Port {port} is taken: stop what listens there, or choose another with --port."
            ) from error


def _tell_the_platform(sandbox: Sandbox) -> None:
    """Of the accounts that vendors connect to it: the web server knows the endpoint's secret before
    there is an endpoint."""
    key, secret = settings.STRIPE_PLATFORM_SECRET_KEY, settings.STRIPE_PLATFORM_WEBHOOK_SECRET
    match = KEY.match(key)
    if not (match and secret):
        return
    listen = partial(
        listen_to_connected,
        url=f"{settings.PLATFORM_ORIGIN}/billing/webhook/",
        secret=secret,
        events=sorted(events.HANDLERS),
    )
    sandbox.at(f"acct_{match['name']}", listen)


def _stop_on_signals(server: SandboxServer) -> None:
    """Ctrl-C and SIGTERM end `serve_forever`, which waits for nobody but itself."""

    def stop(signal_number: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _port_of(url: str) -> int:
    return urlsplit(url).port or 80
