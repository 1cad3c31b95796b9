/* The card's frame: takes a card, checks it in place and brings it to the sandbox, never to the page. */

import { dress } from "./appearance.js";
import { brandOf, codeProblem, expiryOf, expiryProblem, formatCode, formatExpiry, formatNumber, numberProblem } from "./card.js";
import { connectToPage } from "./channel.js";
import { confirmIntent, readIntent } from "./intents.js";
import { countriesIn, wordsFor } from "./words.js";

const POSTCODE = { US: { word: "zip", problem: "incomplete_zip", shape: /^\d{5}(-?\d{4})?$/ }, CA: {}, GB: {} };
for (const country of ["CA", "GB"]) POSTCODE[country] = { word: "postcode", problem: "incomplete_postal_code", shape: /^[A-Z\d][A-Z\d ]{4,8}$/i };

const root = document.documentElement;
const form = document.getElementById("card");
const fields = form.elements;
const touched = new Set();
let page, settings, words, lastState;

const field = (name) => form.querySelector(`[data-field=${name}]`);
const shown = (name) => !field(name).hidden;
const today = () => new Date(Number(root.dataset.now) * 1000 + performance.now());

const format = {
  number: (text) => formatNumber(text),
  expiry: (text, deleting) => formatExpiry(text, deleting),
  cvc: (text) => formatCode(text, fields.number.value),
  postalCode: (text) => text.toUpperCase(),
};
const problem = {
  number: () => numberProblem(fields.number.value),
  expiry: () => expiryProblem(fields.expiry.value, today()),
  cvc: () => codeProblem(fields.cvc.value, fields.number.value),
  postalCode: () => {
    const rule = POSTCODE[fields.country.value];
    return shown("postalCode") && rule && !rule.shape.test(fields.postalCode.value.trim()) ? rule.problem : null;
  },
};
const FIELDS = Object.keys(problem);
const IN_ORDER = { number: "expiry", expiry: "cvc" };

/* Formats what was typed and keeps the caret behind the same digit. */
function write(name, event) {
  const input = fields[name];
  const deleting = event.inputType?.startsWith("delete");
  const caret = input.selectionStart;
  const atEnd = caret === input.value.length;
  const before = input.value.slice(0, caret).replace(/\W/g, "").length;
  const value = format[name](input.value, deleting);
  if (value === input.value) return;
  input.value = value;
  if (atEnd) return;
  let place = 0;
  for (let seen = 0; seen < before && place < value.length; place++) if (/\w/.test(value[place])) seen++;
  input.setSelectionRange(place, place);
}

function showBrand() {
  const brand = brandOf(fields.number.value);
  const known = brand.name !== "unknown";
  field("number").classList.toggle("known", known);
  for (const icon of form.querySelectorAll("[data-brand]"))
    icon.toggleAttribute("hidden", known ? icon.dataset.brand !== brand.name : ["diners", "jcb", "unionpay"].includes(icon.dataset.brand));
  const label = document.getElementById("payment-brand");
  if (label.textContent !== brand.label) label.textContent = brand.label;
  document.getElementById("payment-codeHelp").textContent = brand.name === "amex" ? words.codeHelpAmex : words.codeHelp;
}

function showProblem(name, code) {
  const input = fields[name];
  const place = document.getElementById(`payment-${name}Problem`);
  const text = code ? words[code] : "";
  input.setAttribute("aria-invalid", String(Boolean(code)));
  place.hidden = !code;
  if (place.textContent !== text) place.textContent = text;
}

/* While a field is being typed into, only what can no longer become right is called wrong. */
function judge(name, typing) {
  const code = problem[name]();
  const wrong = code && !code.startsWith("incomplete");
  if (wrong && (!typing || name !== "postalCode")) touched.add(name);
  showProblem(name, wrong || (touched.has(name) && !typing) ? code : null);
  return code;
}

function report() {
  const empty = FIELDS.every((name) => !fields[name].value);
  const complete = FIELDS.every((name) => !problem[name]());
  const state = JSON.stringify([empty, complete]);
  if (state !== lastState) page.tell("change", { empty, complete, collapsed: false, value: { type: "card" } });
  lastState = state;
}

function showCountry() {
  const rule = POSTCODE[fields.country.value];
  const wanted = wants("postalCode") && Boolean(rule);
  field("postalCode").hidden = !wanted;
  field("country").classList.toggle("beside", wanted);
  if (rule) field("postalCode").querySelector("label").textContent = words[rule.word];
}

/* Whether the page left it to us to ask for this part of the billing address. */
function wants(name) {
  const details = settings.element?.fields?.billingDetails;
  const address = details?.address;
  return details !== "never" && address !== "never" && address?.[name] !== "never";
}

function fillCountries() {
  const given = settings.element?.defaultValues?.billingDetails?.address ?? {};
  const chosen = fields.country.value || given.country || new Intl.Locale(navigator.language).region || "US";
  fields.country.replaceChildren(...countriesIn(settings.locale).map(([code, name]) => new Option(name, code)));
  fields.country.value = chosen;
  fields.postalCode.value ||= given.postal_code ?? "";
}

function apply(wanted) {
  settings = wanted;
  words = wordsFor(settings.locale);
  root.lang = words === wordsFor("de") ? "de" : "en";
  form.setAttribute("aria-label", words.form);
  for (const label of form.querySelectorAll("[data-word]")) label.textContent = words[label.dataset.word];
  for (const input of form.querySelectorAll("[data-hint]")) input.placeholder = words[input.dataset.hint];
  page.tell("scheme", dress(root, settings.appearance));
  field("country").hidden = !wants("country");
  fillCountries();
  showCountry();
  showBrand();
  for (const name of touched) judge(name);
  showTerms();
}

function showTerms() {
  const place = form.querySelector(".terms");
  const saves = settings.clientSecret?.startsWith("seti_") || ["setup", "subscription"].includes(settings.mode);
  const wish = settings.element?.terms?.card ?? "auto";
  place.hidden = wish === "never" || (wish === "auto" && !saves);
  place.textContent = words.terms.replace("{merchant}", settings.element?.business?.name ?? root.dataset.merchant);
}

function validate() {
  let first = null;
  for (const name of FIELDS) {
    touched.add(name);
    const code = judge(name);
    if (code && !first) first = { name, code };
  }
  if (!first) return { selectedPaymentMethod: "card" };
  fields[first.name].focus();
  return { error: { type: "validation_error", code: first.code, message: words[first.code] } };
}

function billingDetails() {
  const address = {};
  if (shown("country")) address.country = fields.country.value;
  if (shown("postalCode")) address.postal_code = fields.postalCode.value.trim();
  return { address };
}

async function confirm({ secret, confirmParams }) {
  const checked = validate();
  if (checked.error) return checked;
  const card = { number: fields.number.value.replace(/ /g, ""), ...datesOf(fields.expiry.value), cvc: fields.cvc.value };
  lock(true);
  try {
    return await confirmIntent(settings, secret, confirmParams, { card, billing_details: billingDetails() });
  } finally {
    lock(false);
  }
}

function datesOf(text) {
  const { month, year } = expiryOf(text);
  return { exp_month: month, exp_year: year };
}

function lock(locked) {
  form.setAttribute("aria-busy", String(locked));
  for (const name of FIELDS) fields[name].readOnly = locked;
}

for (const name of FIELDS) {
  fields[name].addEventListener("input", (event) => {
    write(name, event);
    if (name === "number") showBrand();
    const code = judge(name, true);
    const next = IN_ORDER[name];
    const typed = event.inputType === "insertText" && fields[name].selectionStart === fields[name].value.length;
    if (!code && typed && next && !fields[next].value) fields[next].focus();
    report();
  });
  fields[name].addEventListener("blur", () => {
    if (fields[name].value) touched.add(name);
    judge(name);
  });
}
fields.country.addEventListener("change", () => {
  showCountry();
  report();
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input")) page.tell("enter");
});
form.addEventListener("focusin", (event) => form.contains(event.relatedTarget) || page.tell("focus"));
form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || page.tell("blur"));

page = await connectToPage({ update: apply, validate, confirm });
apply(page.settings);
for (const input of fields) input.disabled = false;
new ResizeObserver(() => page.tell("height", Math.ceil(document.body.getBoundingClientRect().height))).observe(document.body);
const refusal = settings.clientSecret && (await readIntent(settings)).error;
if (refusal) page.tell("loaderror", { error: refusal });
else page.tell("ready");
