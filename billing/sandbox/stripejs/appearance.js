/* The page's wishes for the look of the frame, after Stripe's Appearance API. */

const THEMES = {
  stripe: { colorPrimary: "#0570de", colorBackground: "#ffffff", colorText: "#30313d", colorDanger: "#df1b41" },
  flat: { colorPrimary: "#0570de", colorBackground: "#f1f1f1", colorText: "#30313d", colorDanger: "#df1b41" },
  night: { colorPrimary: "#85d996", colorBackground: "#30313d", colorText: "#ffffff", colorDanger: "#fe87a1" },
};
const SHAPE = {
  fontFamily: "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', sans-serif",
  fontSizeBase: "16px", borderRadius: "5px", spacingUnit: "4px",
};

/* Sets the variables and returns "light" or "dark", so that page and frame agree and the frame stays clear. */
export function dress(root, { theme = "stripe", variables = {} } = {}) {
  const wanted = { ...SHAPE, ...(THEMES[theme] ?? THEMES.stripe), ...variables };
  for (const [name, value] of Object.entries(wanted))
    root.style.setProperty(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, value);
  const scheme = isDark(wanted.colorBackground) ? "dark" : "light";
  root.style.setProperty("color-scheme", scheme);
  return scheme;
}

function isDark(colour) {
  const brush = document.createElement("canvas").getContext("2d");
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 1, 1);
  const [red, green, blue] = brush.getImageData(0, 0, 1, 1).data;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
}
