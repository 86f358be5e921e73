"""A PostgreSQL server for the tests: Debian's binaries, one cluster a run, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

USER = "postgres"
MISSING = "PostgreSQL's server is missing (initdb, postgres); as root: apt-get install postgresql"


def binary(name: str) -> str:
    """Return a program of the server."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    place = str(found[-1]) if found else shutil.which(name)
    if place is None:
        raise RuntimeError(MISSING)
    return place


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Yield a running server that listens on a socket alone."""
    place = Path(tempfile.mkdtemp(prefix="synergy-pg-"))
    one = Cluster(place)
    try:
        one.make()
        one.start()
        yield one
    finally:
        one.stop()
        shutil.rmtree(place, ignore_errors=True)


class Cluster:
    """A server in a folder; the process is a direct child."""

    def __init__(self, place: Path) -> None:
        self.place, self.process = place, None
        # the server refuses to run as root
        self.account = pwd.getpwnam(USER) if os.geteuid() == 0 else None

    def _drop(self) -> dict[str, object]:
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def make(self) -> None:
        """Make the files."""
        if self.account is not None:
            os.chown(self.place, self.account.pw_uid, self.account.pw_gid)
        command = [binary("initdb"), "-D", str(self.place / "data"), "-U", USER, "-A", "trust", "-E", "UTF8"]
        command += ["--locale=C.UTF-8", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self._drop())

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [binary("postgres"), "-D", str(self.place / "data"), "-k", str(self.place), "-c", "listen_addresses="]
        command += ["-c", "max_connections=50", "-c", "shared_buffers=32MB"]
        log = (self.place / "log").open("ab")
        self.process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log, **self._drop())
        log.close()
        engine = create_engine(self.url("postgres"))
        for _ in range(300):
            try:
                engine.connect().close()
                break
            except OperationalError:
                time.sleep(0.05)
        else:
            raise RuntimeError((self.place / "log").read_text("utf-8"))
        engine.dispose()

    def stop(self, how: int = signal.SIGQUIT) -> None:
        """Stop the server at once."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def url(self, name: str) -> URL:
        """Return the address of a database."""
        return URL.create("postgresql+psycopg", USER, database=name, query={"host": str(self.place)})

    def fresh(self, name: str) -> str:
        """Make an empty database and return its address."""
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        engine.dispose()
        return self.url(name).render_as_string(hide_password=False)
