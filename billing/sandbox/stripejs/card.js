/* What can be told about a card from what is typed: brand, groups, check digit, date. No DOM here. */

const BRANDS = [
  { name: "amex", label: "American Express", starts: /^3[47]/, lengths: [15], groups: [4, 6, 5], cvc: 4 },
  { name: "diners", label: "Diners Club", starts: /^(30[0-5]|309|36|38|39)/, lengths: [14, 16], groups: [4, 6, 4], cvc: 3 },
  { name: "jcb", label: "JCB", starts: /^35(2[89]|[3-8])/, lengths: [16], groups: [4, 4, 4, 4], cvc: 3 },
  { name: "unionpay", label: "UnionPay", starts: /^(62|81)/, lengths: [16, 17, 18, 19], groups: [4, 4, 4, 4, 3], cvc: 3 },
  { name: "discover", label: "Discover", starts: /^(6011|64[4-9]|65)/, lengths: [16], groups: [4, 4, 4, 4], cvc: 3 },
  { name: "mastercard", label: "Mastercard", starts: /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16], groups: [4, 4, 4, 4], cvc: 3 },
  { name: "visa", label: "Visa", starts: /^4/, lengths: [16], groups: [4, 4, 4, 4], cvc: 3 },
];
const UNKNOWN = { name: "unknown", label: "", lengths: [16], groups: [4, 4, 4, 4], cvc: 4 };

const digitsOf = (text) => text.replace(/\D/g, "");

export const brandOf = (number) => BRANDS.find((brand) => brand.starts.test(digitsOf(number))) ?? UNKNOWN;

export function formatNumber(text) {
  const brand = brandOf(text);
  const digits = digitsOf(text).slice(0, Math.max(...brand.lengths));
  const groups = [];
  let at = 0;
  for (const size of brand.groups) {
    if (at < digits.length) groups.push(digits.slice(at, at + size));
    at += size;
  }
  return groups.join(" ");
}

/* "4" becomes "04 / " as nobody means the month 40; a browser's "12/2027" becomes "12 / 27". */
export function formatExpiry(text, deleting) {
  let digits = digitsOf(text);
  if (/^[2-9]/.test(digits)) digits = `0${digits}`;
  if (/^1\s*\//.test(text)) digits = `0${digits}`;
  if (/^\d{2}20\d{2}$/.test(digits)) digits = digits.slice(0, 2) + digits.slice(4);
  digits = digits.slice(0, /^\d{2}20\d$/.test(digits) ? 5 : 4);
  if (digits.length > 2) return `${digits.slice(0, 2)} / ${digits.slice(2)}`;
  return digits.length === 2 && !deleting ? `${digits} / ` : digits;
}

export const formatCode = (text, number) => digitsOf(text).slice(0, brandOf(number).cvc);

function checks(digits) {
  let sum = 0;
  [...digits].reverse().forEach((digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return sum % 10 === 0;
}

export function numberProblem(text) {
  const digits = digitsOf(text);
  const brand = brandOf(digits);
  if (digits.length < Math.min(...brand.lengths)) return "incomplete_number";
  return brand.lengths.includes(digits.length) && checks(digits) ? null : "invalid_number";
}

export function expiryOf(text) {
  const digits = digitsOf(text);
  return { month: Number(digits.slice(0, 2)), year: 2000 + Number(digits.slice(2, 4)) };
}

export function expiryProblem(text, today) {
  const digits = digitsOf(text);
  const { month, year } = expiryOf(text);
  if (digits.length >= 2 && (month < 1 || month > 12)) return "invalid_expiry_month";
  if (digits.length !== 4) return "incomplete_expiry";
  const [thisYear, thisMonth] = [today.getUTCFullYear(), today.getUTCMonth() + 1];
  if (year < thisYear) return "invalid_expiry_year_past";
  if (year > thisYear + 50) return "invalid_expiry_year";
  return year === thisYear && month < thisMonth ? "invalid_expiry_month_past" : null;
}

export function codeProblem(text, number) {
  const wanted = brandOf(number) === UNKNOWN ? 3 : brandOf(number).cvc;
  return digitsOf(text).length < wanted ? "incomplete_cvc" : null;
}
