// Stripe's own card element: the number goes from the browser to Stripe, never through our server.
const form = document.getElementById("card-form");
const problem = document.getElementById("card-problem");
const mount = document.getElementById("card-element");
const save = document.getElementById("card-save");
const sentences = JSON.parse(document.getElementById("card-sentences").textContent);

function say(text) {
  problem.querySelector("span").textContent = text;
  problem.hidden = !text;
  mount.classList.toggle("wrong", Boolean(text));
}

function free() {
  save.disabled = false;
  save.removeAttribute("aria-busy");
}

// The bank's reason says more than Stripe's code. What is not about the card never came to its bank.
function sentenceFor(error) {
  if (error.type.startsWith("api_")) return form.dataset.unreachable;
  const otherwise = error.type === "card_error" ? sentences[""] : form.dataset.failed;
  return sentences[error.decline_code] || sentences[error.code] || otherwise;
}

// What the card shall pay for is settled before its bank is asked: whoever completes the form, this
// page or Stripe's own message to the server, then does the same. Answers with what is in the way.
async function choose() {
  const body = new FormData(form);
  body.set("setup_intent", form.dataset.intent);
  const answer = await fetch(form.dataset.choice, { method: "POST", body }).catch(() => null);
  if (answer?.ok && !answer.redirected) return "";
  const { problem } = (await answer?.json().catch(() => null)) ?? {};
  return problem ?? form.dataset.unreachable;
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const body = getComputedStyle(document.body);
  // Stripe's frame knows none of our variables: it gets colours as the browser has worked them out.
  const computed = (name) => {
    const probe = document.createElement("i");
    probe.hidden = true;
    probe.style.color = style.getPropertyValue(name);
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
  return {
    colorPrimary: computed("--accent-ink"),
    colorText: body.color,
    colorTextSecondary: computed("--muted"),
    colorBackground: body.backgroundColor,
    colorDanger: computed("--bad"),
    fontFamily: body.fontFamily,
    fontSizeBase: "16px",
    borderRadius: "6px",
  };
}

function start() {
  const account = form.dataset.account ? { stripeAccount: form.dataset.account } : {};
  const stripe = Stripe(form.dataset.key, { locale: form.dataset.locale, ...account });
  const elements = stripe.elements({ clientSecret: form.dataset.secret, appearance: { variables: colours() } });
  const address = form.dataset.country ? { country: form.dataset.country } : {};
  const element = elements.create("payment", { defaultValues: { billingDetails: { address } } });
  element.on("loaderror", () => say(form.dataset.unreachable));
  element.mount(mount);
  save.hidden = false;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    save.disabled = true;
    save.setAttribute("aria-busy", "true");
    say("");
    const obstacle = await choose();
    if (obstacle) {
      say(obstacle);
      free();
      return;
    }
    const { setupIntent, error } = await stripe.confirmSetup({
      elements,
      confirmParams: { return_url: form.dataset.return },
      redirect: "if_required",
    });
    if (setupIntent) {
      form.elements.setup_intent.value = setupIntent.id;
      form.submit();
      return;
    }
    // A field that is merely incomplete is marked by Stripe itself.
    say(error.type === "validation_error" ? "" : sentenceFor(error));
    free();
  });
}

if (typeof Stripe === "undefined") {
  say(form.dataset.unreachable);
} else {
  start();
}
