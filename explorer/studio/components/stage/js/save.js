// Files to save: the reading as one page that plays offline, and the picture of this step.

function saveAs(way, state) {
  state.host.link?.(state.reading, state.place); // the saved link leads to the current step, even right after a move
  const name = `carousel-${state.reading.link.model}-step-${state.place.step + 1}`;
  if (way === "html") download(`${name}.html`, new Blob([savedPage(state)], { type: "text/html" }));
  else if (way === "svg") download(`${name}.svg`, new Blob([picture(state)], { type: "image/svg+xml" }));
  else rasterised(picture(state), (blob) => download(`${name}.png`, blob));
}

function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// Escapes text for markup, so that user input contains no tags.
function escaped(text) {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}

function address(state) {
  return state.host.address ?? window.location.href;
}

function captionOf({ reading, place }) {
  const edits = reading.edits ? `; edited: ${reading.edits.told.join("; ")}` : "";
  return `${reading.caption}; step ${place.step + 1} of ${reading.steps}, unit ${place.unit}${edits}`;
}

// The scripts of this very module, the style sheet, and the numbers.
function savedPage(state) {
  const { reading, place } = state;
  const bytes = (data) => (data ? `Uint8Array.from(atob("${base64(data)}"), (c) => c.charCodeAt(0))` : "null");
  const begin = `{ reading: ${bytes(reading.bytes)}, arithmetic: ${bytes(reading.arithmetic?.bytes)}, place: ${JSON.stringify(place)}, address: ${JSON.stringify(address(state)).replaceAll("<", "\\u003c")} }`;
  const script = (text) => text.replaceAll("</", "<\\/");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(captionOf(state))}</title>
<style>
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 24px clamp(12px, 3vw, 48px); max-width: 1500px; font-family: "Source Sans", "Source Sans Pro", system-ui, sans-serif;
  background: ${state.reading.themes.light.background}; }
@media (prefers-color-scheme: dark) { body { background: ${state.reading.themes.dark.background}; } }
h1 { font-size: 22px; margin: 0 0 8px; color: light-dark(${state.reading.themes.light.text}, ${state.reading.themes.dark.text}); }
footer, footer a { color: #77736d; font-size: 14px; }
${sheet}
</style></head>
<body><h1>${escaped(captionOf(state))}</h1>
<noscript><p>This page draws its numbers with JavaScript, which is switched off or blocked here. Allow it for this file, or open it in another browser.</p></noscript>
<div class="stage" data-testid="stage"></div>
<footer>${escaped(captionOf({ reading, place }))}. <a href="${escaped(address(state))}">Open it in Carousel</a></footer>
<script type="module">
const sheet = ${script(JSON.stringify(sheet))};
${script(carousel.toString())}
carousel(sheet).replay(${begin});
</script></body></html>
`;
}

const PICTURE = { pad: 24, token: 22, line: 30 };

// The picture of this step: the text around it, the cell, and a caption with model, text and link.
function picture(state) {
  const { reading, place, theme, parts } = state;
  const { svg, canvas } = parts.cell.picture();
  const [wide, high] = svg.getAttribute("viewBox").split(" ").slice(2).map(Number);
  const { pad, token, line } = PICTURE;
  const width = wide + 2 * pad;
  const top = pad + token * 1.5 + 26;
  const height = top + high + 3 * 22 + pad;
  const page = shape("svg", document.createDocumentFragment(), { xmlns: NS, viewBox: `0 0 ${width} ${height}`, width, height });
  const colours = Object.entries({ ...theme }).filter(([, value]) => typeof value === "string" && value.startsWith("#"));
  page.setAttribute("style", colours.map(([name, value]) => `--${name}: ${value}`).join("; "));
  shape("style", page, {}, `text { font-family: system-ui, sans-serif; } ${sheet.slice(sheet.indexOf("/* the parts of the cell */"), sheet.indexOf("/* the end of the parts */"))}`);
  shape("rect", page, { width: "100%", height: "100%", fill: theme.background });
  const count = Math.min(reading.steps, Math.floor(wide / token));
  const first = Math.max(0, Math.min(place.step - Math.floor(count / 2), reading.steps - count));
  for (let k = 0; k < count; k++) {
    const step = first + k;
    const colour = signedColour(theme, memoryAt(reading, step, place.unit));
    const x = pad + k * token;
    const frame = step === place.step ? { stroke: theme.text, "stroke-width": 3 } : {};
    shape("rect", page, { x: x + 0.5, y: pad, width: token - 1, height: token * 1.5, rx: 4, fill: colour, ...frame });
    const shown = [...reading.shown[step]];
    const text = shown.length > 2 ? `${shown[0]}…` : shown.join("");
    shape("text", page, { x: x + token / 2, y: pad + token, "text-anchor": "middle", "font-size": 15, fill: readableOn(colour), style: "font-family: monospace" }, text);
  }
  const cell = shape("g", page, { transform: `translate(${pad}, ${top})`, class: "parts" });
  cell.setAttribute("style", `font-size: ${svg.style.fontSize}`);
  shape("image", cell, { href: canvas.toDataURL(), width: wide, height: high });
  for (const part of svg.children) cell.appendChild(part.cloneNode(true));
  const caption = [captionOf(state), `“${excerpt(reading.shown, place.step)}”`, address(state)];
  caption.forEach((text, k) => {
    const within = k === 2 ? shape("a", page, { href: text }) : page; // the whole link, since its text may be cut
    const node = shape("text", within, { x: pad, y: top + high + 26 + 22 * k, "font-size": 14, fill: k ? theme.muted : theme.text });
    node.textContent = [...text].length > width / 7 ? `${[...text].slice(0, Math.floor(width / 7)).join("")}…` : text;
  });
  return new XMLSerializer().serializeToString(page);
}

function excerpt(shown, step) {
  return shown.slice(Math.max(0, step - 60), step + 60).join("");
}

function rasterised(text, done) {
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob(done, "image/png");
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}
