"""The rate at which a plain HTTP client reads objects from the store. It discards what it receives.

Its CPU time per object and its rate are those of `curl --parallel` (2 cores, MinIO, 16 connections,
2026-11-22: 756 to 759 GET/s for 0.71 to 0.86 ms each, curl 686 to 771 for 0.69 to 0.73): client and store
together use the whole machine.
"""

import http.client
import itertools
import threading
import time
from datetime import timedelta

from servers import BUCKET
from stacks import IN_FLIGHT

# Some stores need few connections for their best rate, others many. The best of these counts.
GET_CONNECTIONS = (2, 4, IN_FLIGHT)
# Large enough that most of the client's time is copying in the kernel.
BUFFER_BYTES = 1 << 20


def presigned_paths(store, keys):
    """Paths that are signed before the measurement, so that the client only receives."""
    base = f"http://{store.host}"
    urls = (store.client.presigned_get_object(BUCKET, key, expires=timedelta(hours=6)) for key in keys)
    return [url.removeprefix(base) for url in urls]


def get_loop(store, paths, turns, times_ms):
    connection = http.client.HTTPConnection(store.host)
    buffer = memoryview(bytearray(BUFFER_BYTES))
    for turn in turns:
        start = time.perf_counter()
        connection.request("GET", paths[turn % len(paths)])
        response = connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"GET: status {response.status}")
        while response.readinto(buffer):
            pass
        times_ms.append((time.perf_counter() - start) * 1e3)
    connection.close()


def get_rate(store, paths, total, connections):
    """(GET/s, this client's own CPU ms per GET) over so many kept connections."""
    lock, counter, times_ms = threading.Lock(), itertools.count(), []

    def turns():
        while True:
            with lock:
                turn = next(counter)
            if turn >= total:
                return
            yield turn

    threads = [threading.Thread(target=get_loop, args=(store, paths, turns(), times_ms)) for _ in range(connections)]
    cpu, start = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, own_ms = time.perf_counter() - start, (time.process_time() - cpu) * 1e3 / total
    if len(times_ms) != total:
        raise RuntimeError(f"{len(times_ms)} of {total} GETs succeeded")
    return total / seconds, own_ms


def best_get_rate(store, paths, total):
    """The most that the client got, over a few numbers of connections: the strictest yardstick."""
    return max(get_rate(store, paths, total, connections) for connections in GET_CONNECTIONS)
