"""A page of a shop with the hub's policy, on an origin of its own, that takes a card."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

POLICY = (
    "default-src 'none'; script-src 'self' {stripe}; connect-src 'self' {stripe}; "
    "frame-src {stripe}; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
<script src="{stripe}/stripe.js"></script><script src="/shop.js" defer></script></head>
<body><main><h1>Your card</h1><form><div id="mount"></div><button>Save card</button></form>
<p id="events"></p><p id="result"></p></main></body></html>"""
THANKS = "<!doctype html><title>Thanks</title>"
SCRIPT = """
const wishes = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const stripe = Stripe(wishes.key ?? "pk_test_acme_1", { locale: wishes.locale ?? "en" });
const elements = stripe.elements({ appearance: {}, ...wishes.elements });
const payment = elements.create("payment", wishes.element);
const say = (id, text) => { document.getElementById(id).textContent = text; };
for (const name of ["ready", "change", "focus", "loaderror"])
  payment.on(name, (event) => {
    const before = document.getElementById("events").textContent;
    say("events", `${before} ${JSON.stringify({ name, ...event })}`);
  });
payment.mount("#mount");
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (wishes.submitFirst) {
    const { error } = await elements.submit();
    if (error) return say("result", JSON.stringify({ error }));
  }
  const result = await stripe[wishes.confirm ?? "confirmSetup"]({
    elements,
    clientSecret: wishes.secret,
    confirmParams: { return_url: `${location.origin}/done` },
    redirect: wishes.redirect ?? "if_required",
  });
  say("result", JSON.stringify(result));
});
window.shop = { stripe, elements, payment };
"""


@contextmanager
def shop_for(stripe: str) -> Iterator[str]:
    """The address of the shop; what it wants of Stripe.js follows as JSON after a #."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = self.path == "/shop.js"
            shop = SCRIPT if script else PAGE.replace("{stripe}", stripe)
            text = THANKS if self.path.startswith("/done") else shop
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            policy = POLICY.replace("{stripe}", stripe).replace(
                "img-src 'self'", "img-src 'self' data:"
            )
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://acme.localhost:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
