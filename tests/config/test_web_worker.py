"""A web server that is told to stop hangs up on nobody."""

import http.client
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from scripts.with_postgres import free_port

SLOW_APP = """
import time
def application(environ, start_response):
    time.sleep(1 if environ["PATH_INFO"] == "/slow" else 0)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def ask(port, path="/"):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except ConnectionRefusedError:
            return "refused"
        except (OSError, http.client.HTTPException):
            return "hung up on"


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_who_comes_while_it_finishes_is_refused_or_answered(tmp_path):
    (tmp_path / "slow_app.py").write_text(SLOW_APP)
    port, worker = free_port(), "config.web_worker.Worker"
    options = ["--bind", f"127.0.0.1:{port}", "--worker-class", worker, "--threads", "2"]
    options += ["--pythonpath", str(tmp_path), "--no-control-socket"]
    server = subprocess.Popen([sys.executable, "-m", "gunicorn", *options, "slow_app"])
    with ThreadPoolExecutor() as crowd:
        while not listens(port):
            time.sleep(0.1)
        under_way = crowd.submit(ask, port, "/slow")
        time.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        told = Counter()
        while server.poll() is None:
            told[ask(port)] += 1
            time.sleep(0.01)
        assert under_way.result() == 200
    assert told["refused"] > 0
    assert told["hung up on"] == 0
