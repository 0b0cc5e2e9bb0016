// Numbers, colours and elements, shared by the parts below.

const COARSE = window.matchMedia("(pointer: coarse)").matches; // touch instead of a mouse

function element(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text; // never innerHTML: user input is text
  if (parent) parent.appendChild(node);
  return node;
}

// At least four significant digits, so that a number can be compared with the trace's; the same wherever it stands.
function exact(value) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 10000)) return value.toExponential(3);
  return value.toPrecision(4);
}

// A share as analysis/numbers.py writes it: "27 %", "99.6 %", "0.4 %"; "100 %" and "0 %" only where they are exact.
function percent(share) {
  if (!Number.isFinite(share)) return readable(share);
  if (share < 0) return `−${percent(-share)}`;
  if (share === 0 || share === 1) return `${100 * share} %`;
  const whole = 100 * share;
  if (whole < 0.1) return "< 0.1 %";
  if (whole > 100 && whole < 100.05) return "> 100 %";
  if (whole < 1 || (whole > 99 && whole < 101)) return `${(whole < 100 ? Math.min(whole, 99.9) : whole).toFixed(1)} %`;
  return `${whole.toFixed(0)} %`;
}

// A number as analysis/numbers.py writes it: "0.25", "1234", "9.3 × 10⁻⁸", "NaN".
function readable(value, digits = 3, short = true) {
  if (Number.isNaN(value)) return "NaN";
  if (value < 0) return `−${readable(-value, digits, short)}`;
  if (value === Infinity) return "infinite";
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const whole = value >= 10 ** (digits - 1);
  const rounded = whole ? Number(value.toFixed(0)) : Number(`${mantissa}e${exponent}`);
  if (value !== 0 && (rounded < 1e-3 || rounded >= 1e4)) return `${Number(mantissa)} × 10${raised(Number(exponent))}`;
  return whole || (short && rounded === value) ? String(rounded) : value.toPrecision(digits);
}

function raised(exponent) {
  return String(exponent).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
}

// A number known to within `error`: the digits (at most 3) common to its whole range; if there are none, its upper bound.
function certain(value, error) {
  for (const digits of [3, 2, 1]) {
    const [low, high] = [readable(value - error, digits, false), readable(value + error, digits, false)];
    if (low === high) return low;
  }
  const most = Math.abs(value) + error;
  const unit = 10 ** Math.floor(Math.log10(most));
  return `below ${readable(Math.ceil(most / unit) * unit, 1)} in size`;
}

// Whether the app (or, if it sets no theme, the system) uses a dark theme.
function isDark(root) {
  const ground = getComputedStyle(root).getPropertyValue("--st-background-color").trim();
  if (!/^#[0-9a-f]{6}/i.test(ground)) return window.matchMedia("(prefers-color-scheme: dark)").matches;
  return rgb(ground).reduce((a, b) => a + b) < 384;
}

function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function mix(from, to, share) {
  const [a, b] = [rgb(from), rgb(to)];
  return `rgb(${a.map((part, k) => Math.round(part + (b[k] - part) * share)).join(",")})`;
}

// -1 … 1 on the diverging scale, symmetric about the background.
function signedColour(theme, value) {
  if (!Number.isFinite(value)) return theme.missing;
  const size = Math.min(1, Math.abs(value));
  const [near, far] = value < 0 ? theme.below : theme.above;
  return size < 0.5 ? mix(theme.background, near, size * 2) : mix(near, far, size * 2 - 1);
}

function gateColour(theme, role, value) {
  if (!Number.isFinite(value)) return theme.missing;
  return mix(theme.background, theme.roles[role], Math.max(0, Math.min(1, value)));
}

function signalColour(theme, reading, signal, value) {
  if (signal.kind === "gate") return gateColour(theme, signal.role, value);
  return signedColour(theme, signal.name === reading.memory ? scaled(reading, value) : value);
}

// A colour scale as a table of 32-bit pixels, since thousands are looked up at once: `at(value)`. From 0 to 1 for a gate, else -1 to 1.
const RAMPS = new Map();
function ramp(theme, gateRole) {
  const key = `${theme.mode} ${gateRole ?? ""}`;
  if (!RAMPS.has(key)) {
    const least = gateRole ? 0 : -1;
    const pixel = (colour) => {
      const [r, g, b] = colour.startsWith("#") ? rgb(colour) : colour.match(/\d+/g).map(Number);
      return (255 << 24) | (b << 16) | (g << 8) | r;
    };
    const table = Int32Array.from({ length: 257 }, (_, k) => {
      const value = least + (k / 256) * (1 - least);
      return pixel(gateRole ? gateColour(theme, gateRole, value) : signedColour(theme, value));
    });
    const missing = pixel(theme.missing);
    const scale = 256 / (1 - least);
    RAMPS.set(key, (value) =>
      Number.isFinite(value) ? table[Math.max(0, Math.min(256, Math.round((value - least) * scale)))] : missing,
    );
  }
  return RAMPS.get(key);
}

// Black or white, whichever has the higher contrast (WCAG's relative luminance): never below 4.5.
function readableOn(colour) {
  const parts = colour.startsWith("#") ? rgb(colour) : colour.match(/\d+/g).map(Number);
  const [r, g, b] = parts.map((part) => (part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#FFFFFF";
}

// A canvas of a size in CSS pixels, sharp on the screen at hand; very wide ones slightly less.
function sharp(canvas, width, height) {
  const scale = Math.min(window.devicePixelRatio || 1, 16000 / width);
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

// A symbol as in the equations: a letter with its time.
function symbol(parent, name, previous, colour) {
  const node = element("span", "symbol", parent);
  node.style.color = colour;
  const [letter, where] = name.split("_"); // "c_depth" is a c
  element("i", "", node, letter);
  if (where) element("sup", "", node, where);
  element("sub", "", node, previous ? "t−1" : "t");
  return node;
}
