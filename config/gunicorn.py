"""How gunicorn serves the hub, on a laptop and in a container; sizes come from the environment."""

import os
from pathlib import Path

from config.logs import logging_config

wsgi_app = "config.wsgi:application"
bind = f"{os.environ.get('BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"

# Threads keep a slow client or a slow answer from Stripe from holding up everyone else.
worker_class = "config.web_worker.Worker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))

# A call to Stripe gives up after 13 seconds, so half a minute means that something hangs.
timeout = 30
graceful_timeout = 25
keepalive = 5
max_requests = 5000
max_requests_jitter = 500

# Heartbeats go to memory: on a disk, a busy one makes healthy workers look dead.
if Path("/dev/shm").is_dir():  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108

_is_demo = "1" in (os.environ.get("DEMO", "0"), os.environ.get("DEBUG", "0"))
logconfig_dict = logging_config(for_machines=not _is_demo)

# No proxy of ours sets paths, and nobody steers a running server from outside.
forwarder_headers = ""
control_socket_disable = True
