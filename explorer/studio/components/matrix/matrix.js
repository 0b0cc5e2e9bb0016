// Matrices of gradients on one logarithmic scale. Rows are targets, columns sources; above the diagonal there is nothing.

const GAP = 26;

function makeMatrices(parent, tell) {
  const root = parent.querySelector(".matrices");
  let content, theme, side, panels;

  function build() {
    root.replaceChildren();
    const row = element("div", "row", root);
    const steps = content.shown.length;
    panels = content.cells.map(({ name }, k) => {
      const panel = element("figure", "panel", row);
      element("figcaption", "", panel, name.toUpperCase());
      const frame = element("div", "frame", panel);
      const canvas = element("canvas", "entries", frame);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${name.toUpperCase()}: ${content.says}, for every target (rows) and source (columns)`);
      canvas.dataset.testid = `matrix-${name}`;
      const across = element("i", "across", frame);
      const down = element("i", "down", frame);
      const values = content.values.subarray(k * steps * steps, (k + 1) * steps * steps);
      const pairAt = (event) => {
        const box = canvas.getBoundingClientRect();
        const at = (value, size) => Math.max(0, Math.min(steps - 1, Math.floor((value / size) * steps)));
        const target = at(event.clientY - box.top, box.height);
        return { target, source: Math.min(target, at(event.clientX - box.left, box.width)) };
      };
      canvas.onpointermove = (event) => mark(pairAt(event));
      canvas.onpointerleave = () => mark(content.pair);
      canvas.onclick = (event) => {
        content.pair = pairAt(event);
        mark(content.pair);
        tell(content.pair);
      };
      return { canvas, across, down, values, told: element("p", "told", panel) };
    });
    element("div", "axes", root, content.axes);
    const scale = element("div", "scale", root);
    element("canvas", "bar", scale);
    element("span", "", scale, `${power(content.top - content.decades)} or less`).className = "low";
    element("span", "high", scale, power(content.top));
    const floor = element("span", "key", scale, "below the smallest float32, 1.2·10⁻³⁸");
    element("i", "floor", floor);
    const none = element("span", "key", scale, "NaN or infinite");
    element("i", "none", none);
  }

  // Colour of an entry: on the scale, below the floor, or NaN or infinite.
  function colourOf(value) {
    if (!Number.isFinite(value)) return theme.missing;
    if (value < content.floor) return theme.grid;
    const share = 1 + (Math.log10(value) - content.top) / content.decades;
    return mix(theme.background, theme.accent, Math.max(0, Math.min(1, share)));
  }

  function paint() {
    const steps = content.shown.length;
    const room = (root.clientWidth - GAP * (content.cells.length - 1)) / content.cells.length;
    side = Math.max(180, Math.min(420, Math.floor(root.clientWidth < 640 ? root.clientWidth : room) - 1));
    const pixels = new Map();
    const pixel = (value) => {
      const colour = colourOf(value);
      if (!pixels.has(colour)) pixels.set(colour, colour.startsWith("#") ? rgb(colour) : colour.match(/\d+/g).map(Number));
      return pixels.get(colour);
    };
    for (const { canvas, values } of panels) {
      [canvas.width, canvas.height] = [steps, steps];
      canvas.style.width = canvas.style.height = `${side}px`;
      canvas.closest(".panel").style.width = `${side}px`;
      const image = new ImageData(steps, steps);
      for (let target = 0; target < steps; target++) {
        if (values.subarray(target * steps, (target + 1) * steps).every(Number.isNaN)) continue; // this step has no result
        for (let source = 0; source <= target; source++) {
          const at = target * steps + source;
          image.data.set([...pixel(values[at]), 255], at * 4);
        }
      }
      canvas.getContext("2d").putImageData(image, 0, 0);
    }
    const bar = root.querySelector(".bar");
    const context = sharp(bar, 180, 12);
    for (let x = 0; x < 180; x++) {
      context.fillStyle = mix(theme.background, theme.accent, x / 179);
      context.fillRect(x, 0, 1, 12);
    }
    root.querySelector(".floor").style.background = theme.grid;
    root.querySelector(".none").style.background = theme.missing;
    for (const name of ["accent", "grid", "muted", "panel", "text", "background"]) root.style.setProperty(`--${name}`, theme[name]);
    mark(content.pair);
  }

  function mark({ target, source }) {
    const steps = content.shown.length;
    const at = (step) => `${((step + 0.5) / steps) * side}px`;
    for (const { across, down, values, told } of panels) {
      across.style.top = at(target);
      across.style.width = `${((target + 1) / steps) * side}px`;
      down.style.left = at(source);
      down.style.top = `${(source / steps) * side}px`;
      down.style.height = `${side - (source / steps) * side}px`;
      told.replaceChildren();
      element("b", "", told, exponent(values[target * steps + source]));
      told.append(" ");
      for (const part of content.tells.split(/(\{\w+\})/)) {
        if (part === "{source}") name(told, source);
        else if (part === "{target}") name(told, target);
        else told.append(part === "{steps}" ? target - source : part);
      }
    }
  }

  function name(told, step) {
    element("span", "glyph", told, content.shown[step]);
    told.append(` (${step + 1})`);
  }

  const resized = new ResizeObserver(() => content && paint());
  resized.observe(root);
  return {
    show(next, values) {
      content = { ...next, values };
      theme = content.themes[isDark(root) ? "dark" : "light"];
      build();
      paint();
    },
    leave: () => resized.disconnect(),
  };
}

function power(exponent) {
  return exponent === 0 ? "1" : `10${String(exponent).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)])}`;
}

function exponent(value) {
  if (Number.isNaN(value)) return "none";
  if (value === 0) return "0";
  return readable(value);
}

export default function ({ data, parentElement, setStateValue }) {
  const shown = (parentElement.carouselMatrices ??= makeMatrices(parentElement, (pair) => setStateValue("pair", pair)));
  const { header, values } = unpack(data);
  shown.show(header, values);
  return () => {
    shown.leave();
    delete parentElement.carouselMatrices;
  };
}
