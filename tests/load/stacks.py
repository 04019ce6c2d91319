"""The two services that are measured, each with all of its own processes."""

import os
import subprocess
import sys
from pathlib import Path

from processes import Process, accepts, free_port, unprivileged_user
from recordings import Application
from servers import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, own_dir, run_sql

CELERY = Path(__file__).with_name("celery")
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
# One worker process per core of the machine of the earlier figures.
CELERY_PROCESSES = 2
# The memory target is for this number of recordings in flight.
IN_FLIGHT = 16


class CeleryStack:
    """RabbitMQ, Redis, a prefork worker and beat."""

    name = "Celery version"

    def __init__(self, work, postgres, store):
        self.processes = []
        try:
            self._start(work, postgres, store)
        except BaseException:
            self.stop()
            raise

    def _start(self, work, postgres, store):
        postgres.create_database("celery")
        run_sql(postgres.connect("celery"), CELERY / "schema.sql")
        self.application = Application(postgres.connect("celery"))
        broker_url, result_url = self._start_rabbitmq(work), self._start_redis(work)
        env = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")} | {
            "LOAD_BROKER_URL": broker_url,
            "LOAD_RESULT_URL": result_url,
            "LOAD_DATABASE_URL": postgres.url("celery", driver="postgresql+psycopg2"),
            "LOAD_STORE": store.host,
            "LOAD_STORE_ACCESS_KEY": ACCESS_KEY,
            "LOAD_STORE_SECRET_KEY": SECRET_KEY,
        }
        run = own_dir(work, "celery")
        celery = [sys.executable, "-m", "celery", "--workdir", CELERY, "-A", "tasks"]
        self.worker = self._spawn(
            "worker", [*celery, "worker", "--pool", "prefork", "--concurrency", CELERY_PROCESSES, "--loglevel", "INFO"],
            work, env=env, cwd=run,
        )
        self._spawn("beat", [*celery, "beat", "--loglevel", "INFO", "--schedule", run / "beat"], work, env=env, cwd=run)
        self.worker.wait_until(lambda: " ready." in self.worker.tail())
        # The producing side, as in the application's web process.
        from celery import Celery

        self._producer = Celery(broker=broker_url, backend=result_url)

    def _spawn(self, name, argv, work, **kwargs):
        process = Process(name, argv, work / f"{name}.log", **kwargs)
        self.processes.append(process)
        return process

    def _start_rabbitmq(self, work):
        if not RABBITMQ.exists():
            raise SystemExit(f"no {RABBITMQ}: install the packages rabbitmq-server and redis-server")
        home, port, epmd_port, dist_port = own_dir(work, "rabbitmq"), free_port(), free_port(), free_port()
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(epmd_port),
            "RABBITMQ_NODENAME": "load@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(dist_port),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_CRASH_DUMP_SECONDS": "0",
        }
        user = unprivileged_user()
        epmd = self._spawn("epmd", ["epmd", "-port", epmd_port, "-address", "127.0.0.1"], work, env=env, user=user)
        epmd.wait_until(lambda: accepts(epmd_port))
        broker = self._spawn("rabbitmq", [RABBITMQ], work, env=env, user=user, cwd=home)
        broker.wait_until(lambda: accepts(port))
        return f"amqp://guest:guest@127.0.0.1:{port}//"

    def _start_redis(self, work):
        port = free_port()
        argv = ["redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", own_dir(work, "redis")]
        self._spawn("redis", argv, work, user=unprivileged_user()).wait_until(lambda: accepts(port))
        return f"redis://127.0.0.1:{port}/0"

    def complete(self, sessions):
        """The application commits, then publishes one task per session."""
        self.application.complete(sessions)
        for session in sessions:
            self._producer.send_task("backend.tasks.extract_recording_features", args=[session])

    @property
    def roots(self):
        return [process.pid for process in self.processes]

    @property
    def worker_roots(self):
        return [self.worker.pid]

    def tail(self):
        return self.worker.tail()

    def stop(self):
        for process in reversed(self.processes):
            process.stop()


class Heimdalld:
    """The daemon named by HEIMDALLD; any HEIMDALL_* variable of the caller's reaches it."""

    name = "heimdalld"

    def __init__(self, work, postgres, store, database="heimdalld", buckets=BUCKET, in_flight=IN_FLIGHT, cpus=None):
        """in_flight: recordings at a time, None: its default. cpus: the cores that it may use, None: all."""
        self.binary = binary = os.environ["HEIMDALLD"]
        postgres.create_database(database)
        self.application = Application(postgres.connect(database))
        env = {"HEIMDALL_HTTP_ADDR": f"127.0.0.1:{free_port()}"}
        if in_flight is not None:
            env["HEIMDALL_CONCURRENCY"] = str(in_flight)
        env |= os.environ | {
            "HEIMDALL_DATABASE_URL": postgres.url(database),
            "HEIMDALL_S3_ENDPOINT": f"http://{store.host}",
            "HEIMDALL_S3_REGION": REGION,
            "HEIMDALL_S3_BUCKET": buckets,
            "HEIMDALL_S3_ACCESS_KEY": ACCESS_KEY,
            "HEIMDALL_S3_SECRET_KEY": SECRET_KEY,
        }
        self.http = env["HEIMDALL_HTTP_ADDR"]
        subprocess.run([binary, "migrate"], env=env, check=True)
        argv = [binary, "run"]
        if cpus is not None:
            argv = ["taskset", "--cpu-list", ",".join(map(str, cpus)), *argv]
        self.process = Process("heimdalld", argv, work / f"{database}.log", env=env)

    def complete(self, sessions):
        self.application.complete(sessions)

    @property
    def roots(self):
        return [self.process.pid]

    worker_roots = roots

    def tail(self):
        return self.process.tail()

    def stop(self):
        status = self.process.stop()
        if status != 0:
            print(f"heimdalld ended with status {status}:\n{self.process.tail()}", file=sys.stderr)
