"""Temporary Postgres and MinIO servers on loopback, which both services need."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg2
import urllib3
from minio import Minio
from minio.error import MinioException

from processes import Process, accepts, free_port, unprivileged_user

BUCKET = "heimdall-raw-iq"
REGION = "us-east-1"
ACCESS_KEY, SECRET_KEY = "load-access-key", "load-secret-key"
APPLICATION_SQL = Path(__file__).with_name("application.sql")


@contextlib.contextmanager
def work_dir():
    """A directory of this run, on a real disk: HEIMDALL_LOAD_DIR, else the system's default."""
    path = Path(tempfile.mkdtemp(prefix="heimdall-load-", dir=os.environ.get("HEIMDALL_LOAD_DIR")))
    path.chmod(0o755)
    try:
        yield path
    finally:
        if os.environ.get("HEIMDALL_LOAD_KEEP"):
            print(f"kept: {path}")
        else:
            shutil.rmtree(path, ignore_errors=True)


def own_dir(work, name):
    path = work / name
    path.mkdir()
    if unprivileged_user():
        shutil.chown(path, unprivileged_user())
    return path


class Postgres:
    """A cluster with the defaults (fsync on) and commit timestamps, which time the rows."""

    def __init__(self, work):
        self._bin = newest_postgres()
        self._data, self.port = own_dir(work, "postgres"), free_port()
        as_user = {"user": unprivileged_user()} if unprivileged_user() else {}
        subprocess.run(
            [self._bin / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
            check=True, stdout=subprocess.DEVNULL, cwd="/", **as_user,
        )
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": self.port,
                   "track_commit_timestamp": "on", "fsync": "on"}
        argv = [self._bin / "postgres", "-D", self._data]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        self.process = Process("postgres", argv, work / "postgres.log", user=unprivileged_user(), cwd="/")
        self.process.stop_signal = signal.SIGINT  # fast shutdown: does not wait for clients
        self.process.wait_until(self._answers)
        with self.connect("postgres") as connection, connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            self.version = cursor.fetchone()[0].split()[0]

    def _answers(self):
        with contextlib.suppress(psycopg2.OperationalError):
            self.connect("postgres").close()
            return True

    def stop(self):
        self.process.stop()

    def url(self, database, driver="postgres"):
        return f"{driver}://postgres@127.0.0.1:{self.port}/{database}"

    def connect(self, database):
        return psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=database)

    def create_database(self, name):
        """A new database with the application's tables, empty."""
        connection = self.connect("postgres")
        connection.autocommit = True
        connection.cursor().execute(f'CREATE DATABASE "{name}"')
        connection.close()
        run_sql(self.connect(name), APPLICATION_SQL)


def run_sql(connection, path):
    with connection, connection.cursor() as cursor:
        cursor.execute(path.read_text())
    connection.close()


def newest_postgres():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not found:
        raise SystemExit("no Postgres server in /usr/lib/postgresql/*/bin: install the package postgresql")
    return found[-1]


class ObjectStore:
    """A real MinIO on one directory, with one bucket."""

    def __init__(self, work):
        binary = os.environ.get("HEIMDALL_MINIO") or shutil.which("minio")
        if not binary:
            raise SystemExit(
                "no MinIO: put `minio` on the PATH or name the binary in HEIMDALL_MINIO\n"
                "(its package, its container image's /usr/bin/minio, or `go install github.com/minio/minio@latest`)"
            )
        self.version = minio_version(binary)
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        argv = [Path(binary).resolve(), "server", "--address", self.host, "--console-address", f"127.0.0.1:{free_port()}",
                own_dir(work, "objects")]
        env = {"PATH": os.environ["PATH"], "HOME": str(own_dir(work, "minio-home")), "MINIO_ROOT_USER": ACCESS_KEY,
               "MINIO_ROOT_PASSWORD": SECRET_KEY, "MINIO_UPDATE": "off", "MINIO_BROWSER": "off"}
        self.process = Process("minio", argv, work / "minio.log", env=env)
        # While it starts, MinIO answers 503 with `Retry-After: 60`, which the pool would obey.
        pool = urllib3.PoolManager(retries=False, timeout=30.0)
        self.client = Minio(self.host, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION, secure=False,
                            http_client=pool)
        self.process.wait_until(self._has_bucket)

    def stop(self):
        self.process.stop()

    def _has_bucket(self):
        if not accepts(self.port):
            return False
        with contextlib.suppress(MinioException, urllib3.exceptions.HTTPError):
            if not self.client.bucket_exists(BUCKET):
                self.client.make_bucket(BUCKET)
            return True


def minio_version(binary):
    """What it says of itself; built from source by Go, the module's version instead."""
    said = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]
    if "DEVELOPMENT" in said and shutil.which("go"):
        for line in subprocess.run(["go", "version", "-m", binary], capture_output=True, text=True).stdout.splitlines():
            fields = line.split()
            if fields[:2] == ["mod", "github.com/minio/minio"]:
                return f"MinIO built from source, {fields[2]}"
    return said


@contextlib.contextmanager
def both_servers():
    """The directory of this run, Postgres and an object store in it, and an ExitStack for what uses them."""
    with work_dir() as work, contextlib.ExitStack() as running:
        postgres = Postgres(work)
        running.callback(postgres.stop)
        store = ObjectStore(work)
        running.callback(store.stop)
        yield work, postgres, store, running
