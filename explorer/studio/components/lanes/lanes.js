// Lanes: heatmaps of several networks below one another, each unit a row and each step a column, on one axis of tokens.

// In pixels: maximum and minimum height of a lane, height of a unit, height of a gradient row, smallest readable letter.
const LANE = { most: 48, least: 14, unit: 8, reach: 16, letter: 9 };
const NONE = -32768; // stands for NaN or infinite

function makeLanes(parent) {
  const root = parent.querySelector(".lanes");
  let content, theme, cell, gutter, rows, head;

  function build() {
    root.replaceChildren();
    rows = [];
    element("canvas", "letters", root).setAttribute("aria-hidden", "true");
    let at = 0;
    for (const group of content.groups) {
      const panel = section(group.title, [group.hint, scaleOf(group), absent(group)].filter(Boolean).join("; "), group.role);
      for (const lane of group.lanes) {
        const size = lane.units.length * content.shown.length;
        const values = content.values.subarray(at, (at += size));
        const canvas = rowOf(panel, lane.network, lane.signal);
        canvas.setAttribute("aria-label", `${lane.network}: ${group.title}, ${lane.signal} of ${lane.units.length} units over the text`);
        canvas.dataset.testid = `lane-${lane.signal}`;
        rows.push({ canvas, group, lane, values });
      }
    }
    root.append(element("p", "told"));
    for (const name of ["playhead", "pointed", "warm-up"]) element("div", name, root);
    root.querySelector(".pointed").hidden = true;
  }

  function scaleOf({ kind, squashed }) {
    if (kind === "gate") return "";
    return squashed ? "purple below 0, orange above, through tanh, since a few large ones hide the rest" : "purple to −1, orange to 1";
  }

  function absent({ without }) {
    return without.length ? `${without.join(", ")}: none` : "";
  }

  function section(title, hint, role) {
    const panel = element("section", "group", root);
    const line = element("p", "head", panel);
    element("b", "", line, title).style.color = theme.roles[role] ?? theme.accent;
    element("span", "", line, hint);
    return panel;
  }

  function rowOf(panel, network, signal) {
    const row = element("div", "row", panel);
    const name = element("div", "network", row, `${network} `);
    if (signal) element("i", "", name, signal);
    const canvas = element("canvas", "lane", row);
    canvas.setAttribute("role", "img");
    canvas.onpointermove = (event) => point(canvas, event);
    canvas.onpointerdown = (event) => point(canvas, event);
    canvas.onpointerleave = () => unpoint();
    return canvas;
  }

  // The gradient depends on the playhead, so its rows are redrawn when it moves.
  function showHead() {
    root.querySelector(".group.reach")?.remove();
    rows = rows.filter((row) => !row.reach);
    if (!head) return;
    const steps = content.shown.length;
    const entries = Object.entries(head.reach).filter(([, values]) => values.length === steps);
    if (entries.length) {
      const low = power(head.top - head.decades);
      const panel = section("Gradient", `${head.says}; from blank at ${low} or less to full at ${power(head.top)}`, "");
      panel.classList.add("reach");
      root.insertBefore(panel, root.querySelector(".told"));
      for (const [network, values] of entries) {
        const canvas = rowOf(panel, network, "");
        canvas.setAttribute("aria-label", `${network}: ${head.says}`);
        canvas.dataset.testid = "lane-reach";
        rows.push({ canvas, reach: values.map((value) => value ?? NaN), lane: { network } });
      }
    }
    fit();
  }

  function fit() {
    const steps = content.shown.length;
    gutter = parseFloat(getComputedStyle(root).getPropertyValue("--names")) || 0;
    const width = root.clientWidth - gutter;
    cell = width / steps;
    for (const row of rows) {
      row.reach ? paintReach(row) : paintLane(row);
      row.canvas.style.width = `${width}px`;
    }
    letters(width);
    place(".playhead", head?.step ?? 0);
    root.dataset.painted = content.shown.join("");
    const warm = root.querySelector(".warm-up");
    warm.style.left = `${gutter}px`;
    warm.style.width = `${content.warm * cell}px`;
  }

  function place(selector, step) {
    root.querySelector(selector).style.left = `${gutter + (step + 0.5) * cell}px`;
  }

  function letters(width) {
    const canvas = root.querySelector(".letters");
    const longest = Math.max(...content.shown.map((token) => [...token].length));
    const size = Math.min(16, (cell / longest) * 1.6);
    canvas.style.display = size < LANE.letter ? "none" : "block";
    const context = sharp(canvas, width, 22);
    context.font = `${size}px "Source Code Pro", ui-monospace, monospace`;
    context.textAlign = "center";
    context.fillStyle = theme.text;
    content.shown.forEach((token, step) => context.fillText(token, (step + 0.5) * cell, 16));
  }

  function paintLane({ canvas, group, lane, values }) {
    const [steps, units] = [content.shown.length, lane.units.length];
    [canvas.width, canvas.height] = [steps, units];
    const high = Math.max(LANE.least, Math.min(LANE.most, units * LANE.unit));
    canvas.style.height = `${high}px`;
    canvas.style.imageRendering = units <= high ? "pixelated" : "auto";
    const colour = ramp(theme, group.kind === "gate" ? group.role : null);
    const scale = lane.largest / content.levels;
    const seen = group.squashed ? (value) => Math.tanh(value * scale) : (value) => value * scale;
    const image = new ImageData(steps, units);
    const pixels = new Int32Array(image.data.buffer);
    for (let k = 0; k < values.length; k++) pixels[k] = colour(values[k] === NONE ? NaN : seen(values[k]));
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function paintReach({ canvas, reach }) {
    [canvas.width, canvas.height] = [reach.length, 1];
    canvas.style.height = `${LANE.reach}px`;
    canvas.style.imageRendering = "pixelated";
    const context = canvas.getContext("2d");
    reach.forEach((value, step) => {
      const share = value > 0 ? Math.max(0, Math.min(1, 1 + (Math.log10(value) - head.top) / head.decades)) : 0;
      context.fillStyle = Number.isFinite(value) ? mix(theme.background, theme.accent, share) : theme.missing;
      context.fillRect(step, 0, 1, 1);
    });
  }

  function point(canvas, event) {
    const row = rows.find((one) => one.canvas === canvas);
    const box = canvas.getBoundingClientRect();
    const at = (value, size, count) => Math.max(0, Math.min(count - 1, Math.floor((value / size) * count)));
    const step = at(event.clientX - box.left, box.width, content.shown.length);
    const told = root.querySelector(".told");
    const where = `${content.names[step]} (step ${step + 1}), ${row.lane.network}`;
    if (row.reach) told.textContent = `${where}: gradient ${tell(row.reach[step])}`;
    else {
      const line = at(event.clientY - box.top, box.height, row.lane.units.length);
      const value = row.values[line * content.shown.length + step];
      const grain = row.lane.largest / content.levels; // values are multiples of this, so not all digits are known
      const says = value === NONE ? "NaN or infinite" : certain(value * grain, (grain / 2) * (1 + 1e-6));
      told.textContent = `${where}, unit ${row.lane.units[line]}: ${row.lane.signal} = ${says}`;
    }
    root.querySelector(".pointed").hidden = false;
    place(".pointed", step);
  }

  function unpoint() {
    root.querySelector(".pointed").hidden = true;
    root.querySelector(".told").textContent = "";
  }

  function tell(value) {
    if (!Number.isFinite(value)) return "NaN or infinite";
    return readable(value);
  }

  function power(exponent) {
    return exponent === 0 ? "1" : `10${raised(exponent)}`;
  }

  function moved({ detail }) {
    head = detail;
    if (content) showHead();
  }

  function passing({ detail }) {
    if (content) place(".playhead", detail.step);
  }

  const resized = new ResizeObserver(() => content && fit());
  resized.observe(root);
  document.addEventListener("carousel-lanes", moved);
  document.addEventListener("carousel-place", passing); // the stage while it moves, before it settles
  return {
    show(next, values) {
      content = { ...next, values };
      theme = content.themes[isDark(root) ? "dark" : "light"];
      for (const name of ["accent", "grid", "muted", "panel", "text", "background"]) root.style.setProperty(`--${name}`, theme[name]);
      head = document.carouselLanes;
      build();
      showHead();
      fit();
    },
    leave() {
      resized.disconnect();
      document.removeEventListener("carousel-lanes", moved);
      document.removeEventListener("carousel-place", passing);
    },
  };
}

export default function ({ data, parentElement }) {
  const shown = (parentElement.carouselLanes ??= makeLanes(parentElement));
  const { header, values } = unpack(data, Int16Array);
  shown.show(header, values);
  return () => {
    shown.leave();
    delete parentElement.carouselLanes;
  };
}
