"""Run a command beside a private PostgreSQL that vanishes with it.

    python -m scripts.with_postgres [--durable] pytest tests/billing

The cluster is made from the installed binaries in a temporary folder, listens on loopback only,
trusts everyone there and never syncs: quick, and good for nothing but tests. With --durable a
commit is on the disk before it is answered, as in production. The command finds it in DATABASE_URL
as the application's role does, and in DATABASE_OWNER_URL as its owner. Without a command, says
where the binaries are. Needs nothing but Python.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Debian, Fedora and Homebrew keep the server's programs off the PATH.
PLACES = [
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
]
LOCALE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
OWNER, APPLICATION = "hub_owner", "hub"
SETTINGS = "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
FORGETFUL = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
DURABLE = "--durable"


def find_binaries() -> Path | None:
    """The folder with the server's programs, newest first; PG_BINDIR names another."""
    if chosen := os.environ.get("PG_BINDIR"):
        return Path(chosen)
    installed = [folder for place in PLACES for folder in Path("/").glob(place)]
    if installed:
        return max(installed, key=lambda folder: int(re.findall(r"\d+", str(folder))[0]))
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def unprivileged_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: who runs it instead, if we are root."""
    if os.geteuid() != 0:
        return None
    users = {user.pw_name: user for user in pwd.getpwall()}
    return users.get("postgres") or users["nobody"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def throwaway_cluster(binaries: Path, *, durable: bool = False) -> Iterator[dict[str, str]]:
    """Start a cluster, yield the variables that lead there, leave no trace."""
    home = Path(tempfile.mkdtemp(prefix="hub-postgres-"))
    user = unprivileged_user()
    if user:
        os.chown(home, user.pw_uid, user.pw_gid)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [binaries / program, "-D", home / "data", *arguments],
            check=True,
            cwd=home,
            stdout=subprocess.DEVNULL,
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=[] if user else None,
            env={**os.environ, "HOME": str(home), "LC_ALL": LOCALE},
        )

    try:
        run("initdb", "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale", LOCALE, "-N")
        port = free_port()
        options = f"-p {port} {SETTINGS} {'' if durable else FORGETFUL}"
        run("pg_ctl", "-w", "-l", f"{home}/log", "-o", options, "start")
        try:
            create_application_role(binaries, port)
            place = f"127.0.0.1:{port}/postgres"
            yield {
                "DATABASE_URL": f"postgres://{APPLICATION}@{place}",
                "DATABASE_OWNER_URL": f"postgres://{OWNER}@{place}",
            }
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def create_application_role(binaries: Path, port: int) -> None:
    """As docs/operating.md has it: it owns nothing, and nothing lets it past the policies."""
    where = ["-h", "127.0.0.1", "-p", str(port), "-U", OWNER]
    subprocess.run([binaries / "createuser", *where, APPLICATION], check=True)


def main(command: list[str]) -> int:
    binaries = find_binaries()
    if binaries is None:
        print("No PostgreSQL server is installed here.", file=sys.stderr)
        return 1
    if not command:
        print(binaries)
        return 0
    durable = command[0] == DURABLE
    command = command[1:] if durable else command
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with throwaway_cluster(binaries, durable=durable) as urls:
        process = subprocess.Popen(command, env={**os.environ, **urls})
        # Ctrl-C reaches the command by itself; we stay to clear up behind it.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        code = process.wait()
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
