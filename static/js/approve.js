// The bank's question (3-D Secure) for each payment that waits for it, one after another. What came
// of it the server reads from Stripe: the browser only says that the customer has answered.
const form = document.getElementById("approve-form");
const problem = document.getElementById("approve-problem");
const go = document.getElementById("approve-go");

function say(text) {
  problem.querySelector("span").textContent = text;
  problem.hidden = !text;
}

async function ask(stripe) {
  for (const { dataset } of form.querySelectorAll("[data-secret]")) {
    const { error } = await stripe.confirmCardPayment(dataset.secret, { payment_method: dataset.method });
    if (error?.type.startsWith("api_")) return form.dataset.unreachable;
  }
  return "";
}

function start() {
  const account = form.dataset.account ? { stripeAccount: form.dataset.account } : {};
  const stripe = Stripe(form.dataset.key, { locale: form.dataset.locale, ...account });
  go.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    go.setAttribute("aria-busy", "true");
    say("");
    const unreachable = await ask(stripe);
    if (!unreachable) {
      form.submit();
      return;
    }
    say(unreachable);
    go.disabled = false;
    go.removeAttribute("aria-busy");
  });
  form.requestSubmit(go);
}

if (typeof Stripe === "undefined") say(form.dataset.unreachable);
else start();
