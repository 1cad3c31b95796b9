"""Run the whole product on this machine with a demo inside: ./hub.sh run.

Starts the Stripe sandbox, the web server and the worker, fills an empty database once, and stays
until it is told to stop. Needs nothing but Python's own library.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment
from hub.demo import sign_ins
from scripts.healthy import answers
from scripts.keys import fresh_keys
from scripts.processes import Processes, Stopped, Trouble

ROOT = Path(__file__).resolve().parent.parent
MANAGE = [sys.executable, "manage.py"]
PLATFORM_HOST = "hub.localhost"
REFUSE_IF_NOT_EMPTY = """
from django.db import connection
if connection.introspection.table_names():
    raise SystemExit("DATABASE_URL names a database that is not empty and that no demo filled.")
"""


@dataclass(frozen=True)
class Demo:
    """One database and the folder with the files that go with it."""

    port: int
    sandbox_url: str
    database_url: str | None
    folder: Path
    asks_second_factor: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Demo":
        variables = Environment(environment)
        port = variables.text("PORT", default="8000")
        if not port.isdecimal() or not 0 < int(port) < 2**16:
            raise Trouble(f"PORT={port} is no port: say a number from 1 to 65535.")
        database_url = variables.text("DATABASE_URL") or None
        return cls(
            port=int(port),
            sandbox_url=variables.text("STRIPE_SANDBOX_URL", default="http://localhost:12111"),
            database_url=database_url,
            folder=ROOT / "var" / folder_name(database_url),
            asks_second_factor=variables.yes_no("SECOND_FACTOR_IN_DEMO"),
        )

    @property
    def sandbox_port(self) -> int:
        return urlsplit(self.sandbox_url).port or 80

    @property
    def static(self) -> Path:
        """Shared by the demos that live side by side."""
        return self.folder.parent / "static"

    @property
    def claimed(self) -> Path:
        """There once DATABASE_URL's database was seen empty: what is in it since is the demo's."""
        return self.folder / "claimed"

    @property
    def filled(self) -> Path:
        return self.folder / "filled"

    def keys(self) -> dict[str, str]:
        """Made once, readable by nobody else."""
        file = self.folder / "keys.env"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text("".join(f"{name}={value}\n" for name, value in fresh_keys().items()))
        return dict(line.split("=", 1) for line in file.read_text().splitlines())

    def environment(self) -> dict[str, str]:
        """The variables a production environment has, with a laptop's values."""
        return {
            **os.environ,
            **self.keys(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": self.database_url or f"sqlite:///{self.folder}/hub.sqlite3",
            "MEDIA_ROOT": str(self.folder / "media"),
            "STATIC_ROOT": str(self.static),
            "DEBUG": "0",
            "DEMO": "1",
            "HTTPS": "0",
            "HUB_DOMAIN": "localhost",
            "PLATFORM_HOST": PLATFORM_HOST,
            "PORT": str(self.port),
            "PUBLIC_PORT": str(self.port),
            "STRIPE_PLATFORM_SECRET_KEY": "sk_test_platform_demo",
            "STRIPE_PLATFORM_PUBLISHABLE_KEY": "pk_test_platform_demo",
            "STRIPE_PLATFORM_WEBHOOK_SECRET": "whsec_platform_demo",
            "STRIPE_SANDBOX": "1",
            "STRIPE_SANDBOX_URL": self.sandbox_url,
            "NO_PROXY": "localhost,127.0.0.1",
            "PYTHONUNBUFFERED": "1",
        }

    def welcome(self) -> str:
        door = "Each sets up a second factor when they first sign in, as in production."
        if not self.asks_second_factor:
            door = "In the demo nobody is asked for a second factor."
        return WELCOME.format(port=self.port, sandbox=self.sandbox_url, door=door)


def folder_name(database_url: str | None) -> str:
    """A DATABASE_URL gets a folder of its own."""
    if database_url is None:
        return "demo"
    return f"demo-{hashlib.sha256(database_url.encode()).hexdigest()[:8]}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./hub.sh run", description="Run the demo.")
    parser.add_argument("--fresh", action="store_true", help="forget the old demo and begin anew")
    fresh = parser.parse_args(arguments).fresh
    try:
        run(Demo.from_environment(os.environ), fresh=fresh)
    except (Stopped, KeyboardInterrupt):
        print("\nStopped.")
        return 0
    except (Trouble, ImproperlyConfigured) as trouble:
        print(trouble, file=sys.stderr)
    except PermissionError as error:
        print(f"{error.filename} cannot be written to.", file=sys.stderr)
    return 1


def run(demo: Demo, *, fresh: bool) -> None:
    require_free(demo.port, "The hub", f"PORT={max(8000, demo.port + 1)}")
    require_free(demo.sandbox_port, "The Stripe sandbox", "STRIPE_SANDBOX_URL=http://localhost:…")
    if fresh or not demo.filled.exists():
        forget(demo)
    with running(demo) as processes:
        processes.stop_on_signals()
        prepare(demo, processes)
        start(demo, processes)
        if not demo.filled.exists():
            print("Filling the demo; this happens once", flush=True)
            processes.finish("demo data", [*MANAGE, "seed_demo"], shown=True)
            demo.filled.touch()
        print(demo.welcome(), flush=True)
        processes.watch()


def running(demo: Demo) -> Processes:
    return Processes(folder=ROOT, logs=demo.folder / "log", environment=demo.environment())


def require_free(port: int, what: str, otherwise: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Trouble(
                f"{what} cannot have port {port} ({error.strerror})."
                f" Free it or choose another: {otherwise} ./hub.sh run"
            ) from error


def forget(demo: Demo) -> None:
    """Only what a demo left behind: a database that it did not fill is not its own to empty."""
    claimed = demo.claimed.exists()
    if claimed:
        print("Emptying the demo's database", flush=True)
        with running(demo) as processes:
            processes.stop_on_signals()
            processes.finish("emptying of the database", [*MANAGE, "drop_demo_tables"])
    if demo.folder.exists():
        shutil.rmtree(demo.folder)
    demo.folder.mkdir(mode=0o700, parents=True)
    if claimed:
        demo.claimed.touch()


def prepare(demo: Demo, processes: Processes) -> None:
    print("Preparing the database and the static files", flush=True)
    if demo.database_url and not demo.claimed.exists():
        processes.finish("look at the database", [*MANAGE, "shell", "-c", REFUSE_IF_NOT_EMPTY])
        demo.claimed.touch()
    processes.finish("migration", [*MANAGE, "migrate"])
    collect_static_files(demo, processes)


def collect_static_files(demo: Demo, processes: Processes) -> None:
    """Compressing takes seconds, so only when they, or the packages that bring some, changed."""
    state = hashlib.sha256((ROOT / "requirements" / "base.txt").read_bytes())
    for file in sorted((ROOT / "static").rglob("*")):
        state.update(f"{file} {file.stat().st_mtime_ns} {file.stat().st_size}".encode())
    seal = demo.static / ".made-from"
    demo.static.mkdir(parents=True, exist_ok=True)
    with (demo.static.parent / "static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # browser journeys start several of us at once
        if not seal.exists() or seal.read_text() != state.hexdigest():
            command = [*MANAGE, "collectstatic", "--clear", "--no-input"]
            processes.finish("collection of static files", command)
            seal.write_text(state.hexdigest())


def start(demo: Demo, processes: Processes) -> None:
    print("Starting the Stripe sandbox, the web server and the worker", flush=True)
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"]
    state = str(demo.folder / "sandbox.sqlite3")
    processes.start("sandbox", [*MANAGE, "stripe_sandbox", "--state", state])
    processes.start("web", gunicorn)
    processes.start("worker", [*MANAGE, "ox_worker"])
    processes.wait_until(lambda: listens(demo.sandbox_port), "The Stripe sandbox")
    processes.wait_until(
        lambda: answers(port=demo.port, host=PLATFORM_HOST, path="/readyz"), "The web server"
    )


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


WELCOME = f"""
  Acme's hub             http://acme.localhost:{{port}}/         alice@example.com, bob@example.com
  Globex's, in German    http://globex.localhost:{{port}}/       carol@example.com
  Every mail that left   http://hub.localhost:{{port}}/mailbox/
  The admin              http://hub.localhost:{{port}}/admin/    password {sign_ins.PASSWORD}
      Acme's team        {sign_ins.ACME_OWNER}, {sign_ins.ACME_SUPPORT}
      Globex's team      {sign_ins.GLOBEX_OWNER}, {sign_ins.GLOBEX_SUPPORT}
      the operator       {sign_ins.OPERATOR}
      {{door}}
  Stripe's stand-in      {{sandbox}}/    buy, move the clock, let a payment fail

  Ctrl-C stops everything.
"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
