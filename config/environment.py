"""The environment's variables, each read as what it is.

A wrong value ends every start in one sentence: the variable, its fault, what to say instead. What
may be secret is not shown. A variable that is empty counts as one that is not set.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_address
from typing import Any

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from environ import Env

YES = frozenset({"1", "true", "yes", "on", "y", "ok"})
NO = frozenset({"0", "false", "no", "off", "n"})
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
PORTS = range(1, 2**16)
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"{LABEL}(\.{LABEL})*")
ENGINES = frozenset({"django.db.backends.postgresql", "django.db.backends.sqlite3"})
MADE_BY = "python -m scripts.keys makes one."


class Environment:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables

    def text(self, name: str, *, default: str = "") -> str:
        return self.variables.get(name, "").strip() or default

    def secret(self, name: str) -> str:
        if not (value := self.text(name)):
            raise ImproperlyConfigured(f"{name} is not set: {MADE_BY}")
        return value

    def fernet_keys(self, name: str) -> list[str]:
        self.secret(name)
        return self._read(name, _fernet_keys, f" holds what is no key: {MADE_BY}", default=[])

    def yes_no(self, name: str, *, default: bool = False) -> bool:
        return self._read(
            name, _yes_no, "={value} is neither yes nor no: say 1 or 0.", default=default
        )

    def number(self, name: str, *, default: int, among: range = range(2**16)) -> int:
        fault = f"={{value}} will not do: say a number from {among[0]} to {among[-1]}."
        return self._read(name, lambda text: among[among.index(int(text))], fault, default=default)

    def level(self, name: str) -> str:
        fault = f"={{value}} is no level: say {', '.join(LEVELS[:-1])} or {LEVELS[-1]}."
        return self._read(name, _level, fault, default="INFO")

    def host(self, name: str, *, default: str) -> str:
        fault = "={value} is no host: say hub.example.com, for example, without https:// or a port."
        return self._read(name, _host, fault, default=default)

    def addresses(self, name: str) -> list[str]:
        fault = "={value} will not do: say 192.0.2.53, for example, with commas between several."
        return self._read(name, _addresses, fault, default=[])

    def options(self, name: str, *, example: str) -> dict[str, Any]:
        fault = f" is no object of JSON: say '{example}', for example."
        return self._read(name, _options, fault, default={})

    def database(self, name: str, *, default: str) -> dict[str, Any]:
        fault = (
            " names no database that the hub can use: say postgres://user:password@host:5432/name"
            " or sqlite:////srv/hub/var/hub.sqlite3, for example."
        )
        return self._read(name, _database, fault, default=_database(default))

    def database_login(self, name: str) -> dict[str, str]:
        """USER and PASSWORD, or nothing."""
        fault = " names no role: say postgres://hub_owner:password@localhost:5432/hub, for example."
        return self._read(name, _database_login, fault, default={})

    def cache(self, name: str, *, default: str) -> dict[str, Any]:
        fault = " names no cache: say dbcache://cache_table, for example."
        return self._read(name, _cache, fault, default=_cache(default))

    def together(self, *ends: str, prefix: str) -> None:
        names = [prefix + end for end in ends]
        missing = [name for name in names if not self.text(name)]
        if missing and missing != names:
            raise ImproperlyConfigured(
                f"{' and '.join(missing)} must be set too: {', '.join(names)} go together."
            )

    def _read[T](self, name: str, cast: Callable[[str], T], fault: str, *, default: T) -> T:
        """`cast` raises ValueError for a wrong value."""
        value = self.text(name)
        try:
            return cast(value) if value else default
        except ValueError:
            raise ImproperlyConfigured(name + fault.replace("{value}", value)) from None


def _yes_no(text: str) -> bool:
    return _one_of(YES | NO, text.lower()) in YES


def _level(text: str) -> str:
    return _one_of(LEVELS, text.upper())


def _one_of(words: Collection[str], word: str) -> str:
    if word not in words:
        raise ValueError
    return word


def _host(text: str) -> str:
    if not HOST.fullmatch(text.lower()):
        raise ValueError
    return text.lower()


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _addresses(text: str) -> list[str]:
    return [str(ip_address(one)) for one in _listed(text)]


def _fernet_keys(text: str) -> list[str]:
    for key in (keys := _listed(text) or [""]):
        Fernet(key)
    return keys


def _options(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError
    return found


def _database(url: str) -> dict[str, Any]:
    if Env.DB_SCHEMES.get(url.partition(":")[0]) not in ENGINES:
        raise ValueError
    found: dict[str, Any] = Env.db_url_config(url)
    if not found["NAME"]:
        raise ValueError
    return found


def _database_login(url: str) -> dict[str, str]:
    found = _database(url)
    if not found["USER"]:
        raise ValueError
    return {name: found[name] for name in ("USER", "PASSWORD")}


def _cache(url: str) -> dict[str, Any]:
    if url.partition("://")[0] not in Env.CACHE_SCHEMES:
        raise ValueError
    found: dict[str, Any] = Env.cache_url_config(url)
    return found


env = Environment(os.environ)
