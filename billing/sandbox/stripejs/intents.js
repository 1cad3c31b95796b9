/* Stripe's API as the card's frame uses it: with the publishable key and the intent's client secret. */

import { translated } from "./words.js";

const pathOf = (secret) => `/v1/${secret.startsWith("seti_") ? "setup_intents" : "payment_intents"}/${secret.split("_secret_")[0]}`;

/* {a: {b: 1}} as Stripe writes it in a form: a[b]=1 */
function formOf(value, name, form = new URLSearchParams()) {
  for (const [key, inner] of Object.entries(value)) {
    const path = name ? `${name}[${key}]` : key;
    if (inner !== null && typeof inner === "object") formOf(inner, path, form);
    else if (inner !== undefined) form.append(path, inner);
  }
  return form;
}

async function call(settings, method, path, parameters) {
  const headers = { Authorization: `Bearer ${settings.key}` };
  if (settings.account) headers["Stripe-Account"] = settings.account;
  const form = formOf(parameters);
  const [url, body] = method === "GET" ? [`${path}?${form}`, undefined] : [path, form];
  try {
    const answer = await (await fetch(url, { method, headers, body })).json();
    return answer.error ? { error: translated(answer.error, settings.locale) } : answer;
  } catch {
    const message = "We are experiencing issues connecting to our payments provider. Please check your internet connection and try again.";
    return { error: translated({ type: "api_connection_error", message }, settings.locale) };
  }
}

export const readIntent = (settings) => call(settings, "GET", pathOf(settings.clientSecret), { client_secret: settings.clientSecret });

export function confirmIntent(settings, secret, wishes, { card, billing_details: typed }) {
  const { payment_method_data: given = {}, ...others } = wishes;
  const details = { ...given.billing_details, address: { ...given.billing_details?.address, ...typed.address } };
  return call(settings, "POST", `${pathOf(secret)}/confirm`, {
    ...others, client_secret: secret, use_stripe_sdk: true,
    payment_method_data: { ...given, type: "card", card, billing_details: details },
  });
}

/* How the customer fared at the bank; a refusal is an error, as Stripe.js has it. */
export async function authenticateIntent(settings, passed) {
  const secret = settings.clientSecret;
  const outcome = passed ? "passed" : "failed";
  const intent = await call(settings, "POST", `${pathOf(secret)}/sandbox_authenticate`, { client_secret: secret, outcome });
  if (intent.status !== "requires_payment_method") return intent;
  const problem = intent.last_setup_error ?? intent.last_payment_error;
  return { error: translated({ ...problem, [intent.object]: intent }, settings.locale) };
}
