"""Who answers what: Stripe's API, the browser's side, the control API, the control pages."""

from urllib.parse import urlsplit

from billing.sandbox import frames, hosted
from billing.sandbox.control import Control
from billing.sandbox.delivery import Courier
from billing.sandbox.faults import Response
from billing.sandbox.machine import Sandbox
from billing.sandbox.pages import Pages
from billing.sandbox.web import Reply, Request, problem

# As api.stripe.com has it: any page may ask, and what it may do is decided by its key.
ANY_PAGE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Expose-Headers": "Request-Id",
    "Access-Control-Max-Age": "600",
}
HEADERS = "Authorization, Content-Type, Stripe-Account, Stripe-Version"
"""Those of Stripe.js; a page's browser may add its own."""


class App:
    def __init__(self, sandbox: Sandbox, courier: Courier, *, hub_url_template: str) -> None:
        self._sandbox = sandbox
        self._courier = courier
        self._control = Control(sandbox)
        self._pages = Pages(sandbox, hub_url_template=hub_url_template)

    def __call__(self, request: Request) -> Reply | Response:
        try:
            return self._answer(request)
        finally:
            if request.method not in ("GET", "HEAD", "OPTIONS"):
                self._courier.wake()

    def _answer(self, request: Request) -> Reply | Response:
        if request.path.startswith("/v1/"):
            return self._stripe(request)
        if found := frames.asset(request.path):
            return found
        if not _names_this_machine(request.headers.get("host", "")):
            return problem("The sandbox answers to localhost only.", 403)
        if request.method not in ("GET", "HEAD") and not request.is_ours:
            return problem("The sandbox takes orders from its own pages only.", 403)
        return self._ours(request)

    def _ours(self, request: Request) -> Reply:
        if request.path == "/elements/payment":
            return frames.payment(self._sandbox, request)
        if request.path.startswith("/elements/challenge/"):
            return frames.challenge(self._sandbox, request)
        if request.path.startswith("/setup/"):
            return hosted.fill_in(self._sandbox, request)
        if request.path.startswith("/sandbox/"):
            return self._control(request)
        return self._pages(request)

    def _stripe(self, request: Request) -> Reply | Response:
        if request.method == "OPTIONS":
            wanted = request.headers.get("access-control-request-headers", HEADERS)
            return Reply(status=204, headers=ANY_PAGE | {"Access-Control-Allow-Headers": wanted})
        try:
            body = request.body.decode()
        except UnicodeDecodeError:
            return problem("Invalid request: the body is not UTF-8.", 400)
        answer = self._sandbox.request(
            request.method, request.target, headers=request.headers, body=body
        )
        headers = {**answer.headers, **ANY_PAGE}
        return Response(answer.status, headers, answer.body, answer.fault, answer.delay)


def _names_this_machine(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    return name in ("localhost", "127.0.0.1") or name.endswith(".localhost")
