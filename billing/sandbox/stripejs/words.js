/* The words of the frame and of its errors, in the customer's language where we have it, else in English. */

const ENGLISH = {
  number: "Card number", expiry: "Expiration date", expiryHint: "MM / YY", code: "Security code", codeHint: "CVC",
  country: "Country", zip: "ZIP code", postcode: "Postal code", form: "Card details",
  codeHelp: "3-digit code on the back of the card", codeHelpAmex: "4-digit code on the front of the card",
  terms: "By providing your card information, you allow {merchant} to charge your card for future payments in accordance with their terms.",
  incomplete_number: "Your card number is incomplete.", invalid_number: "Your card number is invalid.",
  incomplete_expiry: "Your card’s expiration date is incomplete.", invalid_expiry_month: "Your card’s expiration date is invalid.",
  invalid_expiry_year: "Your card’s expiration year is invalid.", invalid_expiry_year_past: "Your card’s expiration year is in the past.",
  invalid_expiry_month_past: "Your card’s expiration date is in the past.", incomplete_cvc: "Your card’s security code is incomplete.",
  incomplete_zip: "Your ZIP code is incomplete.", incomplete_postal_code: "Your postal code is incomplete.",
};

const GERMAN = {
  number: "Kartennummer", expiry: "Ablaufdatum", expiryHint: "MM / JJ", code: "Sicherheitscode", codeHint: "CVC",
  country: "Land", zip: "Postleitzahl", postcode: "Postleitzahl", form: "Kartendaten",
  codeHelp: "3-stelliger Code auf der Rückseite der Karte", codeHelpAmex: "4-stelliger Code auf der Vorderseite der Karte",
  terms: "Mit der Angabe Ihrer Kartendaten erlauben Sie {merchant}, Ihre Karte für künftige Zahlungen gemäß den dortigen Bedingungen zu belasten.",
  incomplete_number: "Die Kartennummer ist unvollständig.", invalid_number: "Die Kartennummer ist ungültig.",
  incomplete_expiry: "Das Ablaufdatum Ihrer Karte ist unvollständig.", invalid_expiry_month: "Das Ablaufdatum Ihrer Karte ist ungültig.",
  invalid_expiry_year: "Das Ablaufjahr Ihrer Karte ist ungültig.", invalid_expiry_year_past: "Das Ablaufjahr Ihrer Karte liegt in der Vergangenheit.",
  invalid_expiry_month_past: "Das Ablaufdatum Ihrer Karte liegt in der Vergangenheit.", incomplete_cvc: "Der Sicherheitscode Ihrer Karte ist unvollständig.",
  incomplete_zip: "Die Postleitzahl ist unvollständig.", incomplete_postal_code: "Die Postleitzahl ist unvollständig.",
};

/* What Stripe.js says in its own words. */
const UNAUTHENTICATED = "We are unable to authenticate your payment method. Please choose a different payment method and try again.";
const ENGLISH_ERRORS = {
  setup_intent_authentication_failure: UNAUTHENTICATED,
  payment_intent_authentication_failure: UNAUTHENTICATED,
};

/* What Stripe's API says in English and Stripe.js hands on in the customer's language. */
const GERMAN_ERRORS = {
  card_declined: "Ihre Karte wurde abgelehnt.",
  insufficient_funds: "Ihre Karte ist nicht ausreichend gedeckt.",
  expired_card: "Ihre Karte ist abgelaufen.",
  incorrect_cvc: "Der Sicherheitscode Ihrer Karte ist falsch.",
  incorrect_number: "Die Kartennummer ist falsch.",
  incorrect_zip: "Die Prüfung der Postleitzahl Ihrer Karte ist fehlgeschlagen.",
  processing_error: "Bei der Verarbeitung Ihrer Karte ist ein Fehler aufgetreten. Bitte versuchen Sie es in Kürze erneut.",
  invalid_expiry_month: "Der Ablaufmonat Ihrer Karte ist ungültig.",
  invalid_expiry_year: "Das Ablaufjahr Ihrer Karte ist ungültig.",
  setup_intent_authentication_failure: "Wir konnten Ihre Zahlungsmethode nicht bestätigen. Bitte wählen Sie eine andere Zahlungsmethode und versuchen Sie es erneut.",
  payment_intent_authentication_failure: "Wir konnten Ihre Zahlungsmethode nicht bestätigen. Bitte wählen Sie eine andere Zahlungsmethode und versuchen Sie es erneut.",
  api_connection_error: "Die Verbindung zum Zahlungsdienst ist gestört. Bitte prüfen Sie Ihre Internetverbindung und versuchen Sie es erneut.",
};

const isGerman = (locale) => /^de\b/i.test(locale ?? "");

export const wordsFor = (locale) => (isGerman(locale) ? GERMAN : ENGLISH);

export function translated(error, locale) {
  const known = isGerman(locale) ? GERMAN_ERRORS : ENGLISH_ERRORS;
  const message = known[error.decline_code] ?? known[error.code] ?? known[error.type];
  return message ? { ...error, message } : error;
}

export function countriesIn(locale) {
  const names = new Intl.DisplayNames([locale || "en", "en"], { type: "region" });
  return COUNTRIES.map((code) => [code, names.of(code)]).sort((one, other) => one[1].localeCompare(other[1], locale || "en"));
}

const COUNTRIES = (
  "AC AD AE AF AG AI AL AM AO AQ AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CD CF CG CH CI CK CL " +
  "CM CN CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY " +
  "HK HN HR HT HU ID IE IL IM IN IO IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG " +
  "MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PY QA RE RO RS RU " +
  "RW SA SB SC SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE " +
  "VG VN VU WF WS XK YE YT ZA ZM ZW"
).split(" ");
