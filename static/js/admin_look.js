// While a colour is being chosen, the sample shows it. The server draws; we only ask.
const sample = document.getElementById("look-sample");
const header = document.getElementById("id_header_colour");
const accent = document.getElementById("id_accent_colour");

if (sample && header && accent) {
  const saved = sample.src;
  let timer;
  const ask = () => {
    const colours = new URLSearchParams({ header: header.value, accent: accent.value });
    sample.src = `${saved}?${colours}`;
  };
  for (const input of [header, accent]) {
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 80);
    });
  }
}
