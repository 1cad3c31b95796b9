"""./hub.sh run says in one sentence why it cannot start, and leaves what is not its own alone."""

import socket
import stat

import pytest

from scripts import run_demo
from scripts.run_demo import Demo, main
from scripts.with_postgres import free_port


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    for name in ("PORT", "DATABASE_URL", "STRIPE_SANDBOX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(run_demo, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_named_with_the_way_out(monkeypatch, taken_port, capsys):
    monkeypatch.setenv("PORT", str(taken_port))

    assert main([]) == 1
    assert capsys.readouterr().err == (
        f"The hub cannot have port {taken_port} (Address already in use)."
        f" Free it or choose another: PORT={max(8000, taken_port + 1)} ./hub.sh run\n"
    )


def test_a_taken_port_of_the_sandbox_is_named_too(monkeypatch, taken_port, capsys):
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv("STRIPE_SANDBOX_URL", f"http://localhost:{taken_port}")

    assert main([]) == 1
    assert f"The Stripe sandbox cannot have port {taken_port}" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(monkeypatch, port, capsys):
    monkeypatch.setenv("PORT", port)

    assert main([]) == 1
    assert capsys.readouterr().err.startswith(f"PORT={port} is no port")


def test_its_secrets_are_made_once_and_read_by_nobody_else(root):
    demo = Demo.from_environment({})
    demo.folder.mkdir(parents=True)

    keys = demo.keys()

    assert demo.keys() == keys
    assert stat.S_IMODE((demo.folder / "keys.env").stat().st_mode) == 0o600


def test_each_database_has_a_folder_of_its_own(root):
    def folder(url):
        return Demo.from_environment({"DATABASE_URL": url}).folder

    assert len({folder(""), folder("postgres://a/b"), folder("postgres://a/c")}) == 3
    assert folder("postgres://a/b") == folder("postgres://a/b")


@pytest.mark.parametrize(
    ("value", "is_asked"), [(None, False), ("", False), ("0", False), ("1", True), ("True", True)]
)
def test_it_says_whether_a_second_factor_is_asked_for(value, is_asked):
    environment = {} if value is None else {"SECOND_FACTOR_IN_DEMO": value}

    welcome = Demo.from_environment(environment).welcome()

    assert ("nobody is asked for a second factor" in welcome) is not is_asked
    assert ("sets up a second factor" in welcome) is is_asked
