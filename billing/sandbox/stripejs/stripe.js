/* A stand-in for Stripe.js: the same calls, results and errors, with the sandbox in Stripe's place.
   Card data never comes here: it is typed into a frame of the sandbox and goes from there to the
   sandbox. Styles are set through the CSSOM alone, so a page's strict policy holds. */
(() => {
  "use strict";

  const ORIGIN = new URL(document.currentScript.src).origin;
  const FRAME_PATIENCE = 10_000;
  let frames = 0;

  class IntegrationError extends Error {
    name = "IntegrationError";
  }

  const style = (node, rules) => {
    for (const [name, value] of Object.entries(rules)) node.style.setProperty(name, value);
    return node;
  };

  const kindOf = (secret) => {
    const match = /^(seti|pi)_[A-Za-z0-9]+_secret_/.exec(secret ?? "");
    if (!match) throw new IntegrationError(`Invalid value for clientSecret: value should be a client secret of the form \${id}_secret_\${secret}. You specified: ${secret}.`);
    return match[1] === "seti" ? "setup_intent" : "payment_intent";
  };
  const idOf = (secret) => secret.split("_secret_")[0];
  const nameInResult = { setup_intent: "setupIntent", payment_intent: "paymentIntent" };
  const unreachable = () => ({
    type: "api_connection_error",
    message: "We are experiencing issues connecting to our payments provider. Please check your internet connection and try again.",
  });

  /* One element or one dialog: a frame of the sandbox and the private channel to it. */
  class Frame {
    constructor(path, title, settings, hear) {
      this.pending = new Map();
      this.asked = 0;
      this.hear = hear;
      this.node = document.createElement("iframe");
      this.node.name = `__privateStripeFrame${++frames}`;
      this.node.title = title;
      this.node.src = ORIGIN + path;
      this.node.setAttribute("allow", "payment 'none'; camera 'none'; microphone 'none'; geolocation 'none'");
      this.opened = new Promise((resolve, reject) => {
        this.open = resolve;
        this.refuse = reject;
      });
      this.opened.catch(() => {});
      this.node.addEventListener("load", () => this.connect(settings()), { once: true });
      this.deadline = setTimeout(() => this.refuse(unreachable()), FRAME_PATIENCE);
    }

    connect(settings) {
      const { port1, port2 } = new MessageChannel();
      this.port = port1;
      this.port.onmessage = ({ data }) => this.receive(data);
      this.node.contentWindow.postMessage({ settings }, ORIGIN, [port2]);
    }

    receive(message) {
      if (message.reply) {
        this.pending.get(message.reply)?.(message.result);
        this.pending.delete(message.reply);
        return;
      }
      if (message.event === "ready") {
        clearTimeout(this.deadline);
        this.open();
      }
      this.hear(message.event, message.detail);
    }

    async ask(what, detail) {
      try {
        await this.opened;
      } catch (error) {
        return { error };
      }
      const number = ++this.asked;
      return new Promise((resolve) => {
        this.pending.set(number, resolve);
        this.port.postMessage({ ask: what, detail, number });
      });
    }

    close() {
      clearTimeout(this.deadline);
      this.port?.close();
      this.node.remove();
    }
  }

  class PaymentElement {
    constructor(elements, options) {
      this.elements = elements;
      this.options = options;
      this.listeners = [];
    }

    on(event, handler) {
      this.listeners.push({ event, handler });
      return this;
    }

    emit(event, detail = {}) {
      for (const known of this.listeners)
        if (known.event === event) known.handler({ elementType: "payment", ...detail });
    }

    mount(target) {
      if (this.destroyed) throw new IntegrationError("This Element has already been destroyed. Please create a new one.");
      const place = typeof target === "string" ? document.querySelector(target) : target;
      if (!(place instanceof Element))
        throw new IntegrationError(`The selector you specified (${target}) applies to no DOM elements that are currently on the page. Make sure the element exists on the page before calling mount().`);
      if (place === this.place) return;
      this.unmount();
      this.place = place;
      const { stripe } = this.elements;
      const account = stripe.account ?? `acct_${stripe.key.split("_")[2]}`;
      this.frame = new Frame(`/elements/payment?${new URLSearchParams({ account })}`, "Secure payment input frame", () => this.settings(), (...heard) => this.heard(...heard));
      this.frame.opened.catch((error) => this.emit("loaderror", { error }));
      // Wider than its place, so that a field's focus ring is not cut off.
      style(this.frame.node, {
        border: "0", display: "block", margin: "-4px", height: "1px", width: "calc(100% + 8px)", "max-width": "none",
        "color-scheme": "normal", background: "transparent",
      });
      place.replaceChildren(this.frame.node);
    }

    settings() {
      const { key, account, locale } = this.elements.stripe;
      return { key, account, locale, ...this.elements.options, element: this.options };
    }

    heard(event, detail) {
      if (event === "height") style(this.frame.node, { height: `${detail}px` });
      else if (event === "scheme") style(this.frame.node, { "color-scheme": detail });
      else if (event === "enter") this.place.closest("form")?.requestSubmit();
      else if (event === "loaderror") this.frame.refuse(detail.error);
      else this.emit(event, detail);
    }

    submit() { return this.elements.submit(); }

    unmount() {
      this.frame?.close();
      this.frame = this.place = null;
    }

    destroy() {
      this.unmount();
      this.destroyed = true;
      this.elements.payment = null;
    }
  }

  class Elements {
    constructor(stripe, options) {
      if (!options.clientSecret && !["setup", "payment", "subscription"].includes(options.mode))
        throw new IntegrationError("In order to create an Elements object you must pass either a clientSecret or a mode of 'payment', 'setup' or 'subscription'.");
      if (options.clientSecret) kindOf(options.clientSecret);
      this.stripe = stripe;
      this.options = { ...options };
      this.payment = null;
    }

    create(type, options = {}) {
      if (type !== "payment") throw new IntegrationError(`A valid Element type must be provided. Valid Elements are: payment. You passed: ${type}.`);
      if (this.payment) throw new IntegrationError("Can only create one Element of type payment.");
      this.payment = new PaymentElement(this, { ...options });
      return this.payment;
    }

    update(options) {
      Object.assign(this.options, options);
      if (this.payment?.frame) this.tell("update", this.payment.settings());
    }

    tell(what, detail) {
      if (!this.payment?.frame) throw new IntegrationError("Invalid value for elements: elements should have a mounted Payment Element.");
      return this.payment.frame.ask(what, detail);
    }

    submit() {
      this.submitted = true;
      return this.tell("validate");
    }
  }

  /* What the bank asks of its customer: a dialog over the page, with the bank's page in a frame. */
  function challenge(stripe, secret) {
    const dialog = style(document.createElement("dialog"), {
      border: "0", padding: "0", margin: "0", position: "fixed", inset: "0", width: "100%", height: "100%",
      "max-width": "none", "max-height": "none", overflow: "auto", background: "rgb(12 16 19 / .6)",
    });
    const query = new URLSearchParams({ client_secret: secret, key: stripe.key, locale: stripe.locale });
    if (stripe.account) query.set("account", stripe.account);
    return new Promise((resolve) => {
      const settings = () => ({ key: stripe.key, account: stripe.account, locale: stripe.locale, clientSecret: secret });
      const frame = new Frame(`/elements/challenge/${idOf(secret)}?${query}`, "Secure authentication frame", settings, (event, detail) => {
        if (event === "finished") done(detail);
      });
      const done = (answer) => {
        frame.close();
        dialog.close();
        dialog.remove();
        resolve(answer);
      };
      frame.opened.then(() => frame.node.focus(), (error) => done({ error }));
      style(frame.node, {
        border: "0", display: "block", margin: "auto", position: "absolute", inset: "0", "color-scheme": "normal",
        width: "min(27rem, 100%)", height: "min(27rem, 100%)", "border-radius": ".625rem", background: "Canvas",
      });
      dialog.setAttribute("aria-label", frame.node.title);
      dialog.addEventListener("cancel", (event) => {
        event.preventDefault();
        frame.ask("cancel");
      });
      dialog.append(frame.node);
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  class Stripe {
    constructor(key, { stripeAccount, locale } = {}) {
      this.key = key;
      this.account = stripeAccount;
      this.locale = !locale || locale === "auto" ? navigator.language : locale;
    }

    elements(options = {}) { return new Elements(this, options); }

    async call(method, path, parameters) {
      const headers = { Authorization: `Bearer ${this.key}` };
      if (this.account) headers["Stripe-Account"] = this.account;
      const form = new URLSearchParams(parameters);
      const [query, body] = method === "GET" ? [`?${form}`, undefined] : ["", form];
      try {
        return await (await fetch(`${ORIGIN}/v1/${path}${query}`, { method, headers, body, credentials: "omit" })).json();
      } catch {
        return { error: unreachable() };
      }
    }

    async retrieve(secret) {
      const kind = kindOf(secret);
      const answer = await this.call("GET", `${kind}s/${idOf(secret)}`, { client_secret: secret });
      return answer.error ? { error: answer.error } : { [nameInResult[kind]]: answer };
    }

    retrieveSetupIntent(secret) { return this.retrieve(secret); }
    retrievePaymentIntent(secret) { return this.retrieve(secret); }
    confirmSetup(options) { return this.confirm("setup_intent", options); }
    confirmPayment(options) { return this.confirm("payment_intent", options); }

    /* Of a payment whose card is known already. Where its bank asks, the customer answers. */
    async confirmCardPayment(clientSecret, data = {}, { handleActions = true } = {}) {
      if (kindOf(clientSecret) !== "payment_intent") throw new IntegrationError("Invalid value for clientSecret: it is no client secret of a payment_intent.");
      if (data.payment_method && typeof data.payment_method !== "string")
        throw new IntegrationError("The sandbox confirms payments with a payment method's id, or with the one they have.");
      const answer = await this.call("POST", `payment_intents/${idOf(clientSecret)}/confirm`, { ...data, client_secret: clientSecret, use_stripe_sdk: true });
      if (answer.error) return { error: answer.error };
      return handleActions ? this.authenticate(answer, clientSecret) : { paymentIntent: answer };
    }

    async confirm(kind, { elements, clientSecret, confirmParams = {}, redirect = "always" }) {
      const secret = clientSecret ?? elements?.options.clientSecret;
      if (kindOf(secret) !== kind) throw new IntegrationError(`Invalid value for clientSecret: it is no client secret of a ${kind}.`);
      if (redirect === "always" && !confirmParams.return_url)
        throw new IntegrationError("stripe.confirm was called without a confirmParams.return_url, which is required unless redirect is 'if_required'.");
      if (elements?.options.mode && !elements.submitted)
        throw new IntegrationError("elements.submit() must be called before confirming.");
      const answer = elements
        ? await elements.tell("confirm", { secret, confirmParams })
        : await this.call("POST", `${kind}s/${idOf(secret)}/confirm`, { ...confirmParams, client_secret: secret, use_stripe_sdk: true });
      if (answer.error) return { error: answer.error };
      const result = await this.authenticate(answer, secret);
      if (!result.error && redirect === "always") return leave(confirmParams.return_url, kind, secret);
      return result;
    }

    async handleNextAction({ clientSecret }) {
      const found = await this.retrieve(clientSecret);
      return found.error ? found : this.authenticate(Object.values(found)[0], clientSecret);
    }

    /* An intent as it stands, or, where the bank asks, as it stands when the customer has answered. */
    async authenticate(intent, secret) {
      const answer = intent.status === "requires_action" ? await challenge(this, secret) : intent;
      return answer.error ? { error: answer.error } : { [nameInResult[kindOf(secret)]]: answer };
    }
  }

  function leave(returnUrl, kind, secret) {
    const url = new URL(returnUrl, location.href);
    const told = { [kind]: idOf(secret), [`${kind}_client_secret`]: secret, redirect_status: "succeeded" };
    for (const [name, value] of Object.entries(told)) url.searchParams.set(name, value);
    location.assign(url);
    return new Promise(() => {});
  }

  window.Stripe = (key, options) => {
    if (!key) throw new IntegrationError("Please call Stripe() with your publishable key. You used an empty string.");
    if (/^(sk|rk)_/.test(key)) throw new IntegrationError("You should not use your secret key with Stripe.js. Please pass a publishable key instead.");
    return new Stripe(key, options);
  };
  window.Stripe.version = "endive";
})();
