"""How gunicorn serves the hub, on a laptop and in a container; sizes come from the environment."""

import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config.environment import PORTS, env
from config.logs import logging_config

wsgi_app = "config.wsgi:application"
worker_class = "config.web_worker.Worker"
try:
    port = env.number("PORT", default=8000, among=PORTS)
    bind = f"{env.text('BIND', default='127.0.0.1')}:{port}"
    workers = env.number("WEB_PROCESSES", default=2, among=range(1, 1000))
    # Threads keep a slow client or a slow answer from Stripe from holding up everyone else.
    threads = env.number("WEB_THREADS", default=4, among=range(1, 1000))
    _is_demo = env.yes_no("DEMO") or env.yes_no("DEBUG")
except ImproperlyConfigured as error:
    sys.exit(str(error))

# A call to Stripe gives up after 13 seconds, so half a minute means that something hangs.
timeout = 30
graceful_timeout = 25
keepalive = 5
max_requests = 5000
max_requests_jitter = 500

# Heartbeats go to memory: on a disk, a busy one makes healthy workers look dead.
if Path("/dev/shm").is_dir():  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108

logconfig_dict = logging_config(for_machines=not _is_demo)

# No proxy of ours sets paths, and nobody steers a running server from outside.
forwarder_headers = ""
control_socket_disable = True
