"""Every object of every account: dictionaries in memory, each change written through to SQLite.

Objects lie in shelves ("acct_acme customer"). A request is one transaction: what it changed is
committed together or taken back together.
"""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

type Obj = dict[str, Any]
type Place = tuple[str, str]
type Pointer = tuple[str, str, str]

# The fields by which objects are looked up without going through all of them.
INDEXED = ("_intent", "charge", "customer", "invoice")

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    shelf TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (shelf, key)
)
"""
UPSERT = """
INSERT INTO objects (shelf, key, body) VALUES (?, ?, ?)
ON CONFLICT (shelf, key) DO UPDATE SET body = excluded.body
"""

encode: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":")).encode


class Store:
    def __init__(self, path: Path | None) -> None:
        self.shelves: dict[str, dict[str, Obj]] = {}
        self._texts: dict[Place, str] = {}
        self._before: dict[Place, str | None] = {}
        self._handed: set[Place] = set()
        self._index: dict[Pointer, dict[str, None]] = {}
        self._pointers: dict[Place, list[Pointer]] = {}
        self._disk: sqlite3.Connection | None = None
        if path is not None:
            self._open(path)

    def _open(self, path: Path) -> None:
        self._disk = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._disk.execute("PRAGMA journal_mode = WAL")
        self._disk.execute("PRAGMA synchronous = NORMAL")
        self._disk.execute(SCHEMA)
        for shelf, key, body in self._disk.execute(
            "SELECT shelf, key, body FROM objects ORDER BY rowid"
        ):
            self.shelves.setdefault(shelf, {})[key] = json.loads(body)
            self._texts[shelf, key] = body
            self._point(shelf, key)

    def close(self) -> None:
        if self._disk is not None:
            self._disk.close()

    def shelf(self, name: str) -> dict[str, Obj]:
        return self.shelves.setdefault(name, {})

    def where(self, shelf: str, **fields: Any) -> list[Obj]:
        """The objects of a shelf whose fields have these values, oldest first."""
        objects = self.shelves.get(shelf, {})
        found = list(objects.values())
        for name in INDEXED:
            if isinstance(value := fields.get(name), str):
                found = [objects[key] for key in self._index.get((shelf, name, value), ())]
                break
        return [obj for obj in found if all(obj.get(n) == v for n, v in fields.items())]

    def _point(self, shelf: str, key: str) -> None:
        """Bring the index up to date with an object, which keeps its place where it stays."""
        value = self.shelves[shelf].get(key, {})
        named = [(name, value.get(name)) for name in INDEXED]
        now = [(shelf, name, text) for name, text in named if isinstance(text, str)]
        before = self._pointers.get((shelf, key), [])
        if now != before:
            for pointer in set(before).difference(now):
                del self._index[pointer][key]
            for pointer in now:
                self._index.setdefault(pointer, {})[key] = None
            self._pointers[shelf, key] = now

    def hand(self, shelf: str, key: str) -> Obj | None:
        """An object that the caller may change and then save."""
        found = self.shelves.get(shelf, {}).get(key)
        if found is not None:
            self._handed.add((shelf, key))
        return found

    def saved(self, shelf: str, key: str) -> Obj | None:
        """A fresh copy of an object as it was last saved."""
        text = self._texts.get((shelf, key))
        return None if text is None else json.loads(text)

    def save(self, shelf: str, key: str, value: Obj) -> bool:
        """Note the object's present state; False if it is what was noted already."""
        place = (shelf, key)
        text = encode(value)
        before = self._texts.get(place)
        if before == text:
            return False
        self._before.setdefault(place, before)
        self._texts[place] = text
        self.shelf(shelf)[key] = value
        self._point(shelf, key)
        return True

    def drop(self, shelf: str, key: str) -> None:
        place = (shelf, key)
        self._before.setdefault(place, self._texts.pop(place))
        del self.shelves[shelf][key]
        self._point(shelf, key)

    def changed_objects(self) -> list[str]:
        """The ids of what would be committed now: the accounts' objects, but not their events."""
        return [
            key
            for (shelf, key), before in self._before.items()
            if " " in shelf
            and not shelf.endswith(" event")
            and self._texts.get((shelf, key)) != before
        ]

    def commit(self) -> None:
        if self._disk is not None and self._before:
            self._write(self._disk)
        self._before.clear()
        self._handed.clear()

    def _write(self, disk: sqlite3.Connection) -> None:
        saved = [place for place in self._before if place in self._texts]
        dropped = [place for place in self._before if place not in self._texts]
        disk.execute("BEGIN IMMEDIATE")
        disk.executemany(UPSERT, ((*place, self._texts[place]) for place in saved))
        disk.executemany("DELETE FROM objects WHERE shelf = ? AND key = ?", dropped)
        disk.execute("COMMIT")

    def roll_back(self) -> None:
        """Undo all since the last commit, also what was changed in an object but not saved."""
        for place, before in self._before.items():
            if before is None:
                self._texts.pop(place, None)
                self.shelves[place[0]].pop(place[1], None)
                self._point(*place)
            else:
                self._texts[place] = before
        for place in self._handed | self._before.keys():
            if place in self._texts:
                self._restore(place)
        self._before.clear()
        self._handed.clear()

    def _restore(self, place: Place) -> None:
        shelf, key = place
        value = self.shelf(shelf).setdefault(key, {})
        value.clear()
        value.update(json.loads(self._texts[place]))
        self._point(shelf, key)
