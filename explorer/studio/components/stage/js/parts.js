// Parts on the wires, as SVG: layers with their weights, pointwise operations, numbers, the input token.

const NS = "http://www.w3.org/2000/svg";

function shape(tag, parent, attributes, text) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}

function subscript(offset) {
  return offset === 0 ? "t" : `t${offset < 0 ? "−" : "+"}${Math.abs(offset)}`;
}

// Names of a layer's weights in the equations.
function weights(parent, name, colour) {
  const node = element("span", "symbol", parent);
  node.style.color = colour;
  element("i", "", node, " W");
  element("sub", "", node, name);
}

function drawOperation(group, em, { name, does }, [x, y]) {
  const node = shape("g", group, { class: "operation", "data-node": name });
  const half = does.length > 2 ? em * 1.55 : em * 0.95;
  shape("rect", node, { x: x - half, y: y - em * 0.95, width: 2 * half, height: em * 1.9, rx: em * 0.95 });
  shape("text", node, { x, y, class: does.length > 1 ? "word" : "sign" }, does);
  return node;
}

// Around a layer or an operation that is marked, as wires are (see paintHalo).
function drawHalo(node, em) {
  const [box, gap] = [node.querySelector("rect"), em * 0.4];
  const at = (name) => Number(box.getAttribute(name));
  const halo = shape("rect", node, { class: "halo", rx: at("rx") + gap, x: at("x") - gap, y: at("y") - gap, width: at("width") + 2 * gap, height: at("height") + 2 * gap });
  node.prepend(halo);
  node.classList.add("marked");
}

// A box with the nonlinearity; beside its entry its meaning ("keep") and, smaller, its usual name.
function drawLayer(group, em, narrow, layer, signal, colour, [x, y]) {
  const node = shape("g", group, { class: "layer", "data-node": layer.name, style: `color: ${colour}` });
  const [wide, high] = [em * (narrow ? 3 : 3.6), em * 2.3];
  const left = x + em * (narrow ? 0.7 : 0.9);
  const field = signal.label.replace(signal.says, "").trim();
  shape("rect", node, { x: x - wide / 2, y: y - high / 2, width: wide, height: high, rx: em * 0.45 });
  shape("text", node, { x, y, class: "sign" }, layer.glyph);
  shape("text", node, { x: left, y: y + high / 2 + em * 0.95, class: "says" }, signal.says);
  if (!narrow && field) shape("text", node, { x: left, y: y + high / 2 + em * 2.05, class: "field" }, field);
  shape("rect", node, { class: "hit", x: x - wide / 2, y: y - high / 2, width: wide * 1.5, height: high + em * 2.6 }); // box and words as one
  return node;
}

// Two dashed lines and a pen around a layer or an operation whose value is edited, shown at the edited steps (see `fillSet` in
// cell.js).
function drawPenMark(node, em) {
  const box = node.querySelector("rect");
  const [left, top, wide, high, round] = ["x", "y", "width", "height", "rx"].map((name) => Number(box.getAttribute(name)));
  const mark = shape("g", node, { class: "set-mark" });
  for (const gap of [0.3 * em, 0.62 * em]) {
    const r = round + gap;
    const [w, h] = [wide + 2 * (gap - r), high + 2 * (gap - r)];
    const corner = (dx, dy) => `a${r} ${r} 0 0 1 ${dx * r} ${dy * r}`;
    shape("path", mark, { d: `M${left - gap + r} ${top - gap}h${w}${corner(1, 1)}v${h}${corner(-1, 1)}h${-w}${corner(-1, -1)}v${-h}${corner(1, -1)}` });
  }
  node.prepend(mark);
  const badge = shape("g", node, { class: "set-badge", transform: `translate(${left + wide + em * 0.35}, ${top - em * 0.35})` });
  shape("circle", badge, { r: em * 0.92 });
  const icon = pen(badge);
  for (const [name, value] of Object.entries({ x: -em * 0.6, y: -em * 0.6, width: em * 1.2, height: em * 1.2 })) icon.setAttribute(name, value);
}

// A layer that unfolds: by a click, by Enter and Space.
function makeOpening(node, signal, open) {
  node.setAttribute("role", "button");
  node.setAttribute("tabindex", "0");
  node.setAttribute("aria-label", `${signal.says}, ${signal.label}: unfold its arithmetic`);
  node.dataset.testid = `stage-gate-${signal.name}`;
  shape("title", node, {}, `${signal.label}: ${signal.hint}. Click for its arithmetic.`);
  node.onclick = () => open({ byKey: false });
  node.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    open({ byKey: true });
  };
}

// A number on its wire: symbol and value; only the value if the wire carries a formula, or if there is no room.
function drawChip(group, em, narrow, reading, wire, colour, offset, [x, y]) {
  const node = shape("g", group, { class: "chip", style: `color: ${colour}` });
  const box = shape("rect", node, { y: y - em * 0.85, height: em * 1.7, rx: em * 0.85 });
  const text = shape("text", node, { y });
  const name = wire.carries.replace(/_prev$/, "");
  const signal = reading.byName[name];
  const shown = Boolean(signal) && !narrow;
  if (shown) {
    shape("tspan", text, { class: "letter" }, signal.letter);
    shape("tspan", text, { class: "sub", dy: "0.25em" }, subscript(offset - (name !== wire.carries)));
  }
  const number = shape("tspan", text, { class: "value", ...(shown ? { dy: "-0.25em", dx: "0.35em" } : {}) });
  if (signal && wire.carries === name && !offset) {
    number.dataset.testid = `stage-value-${name}`;
    number.style.color = colour;
  }
  const says = `${signal ? `${signal.label}: ` : ""}${inLine(reading, wire.carries)}`;
  const title = shape("title", node, {}, says);
  const icon = reading.edits ? pen(node) : null;
  return { node, box, text, number, icon, title, says, x, y, signs: shown ? 2.2 : 0.4 };
}

// A formula in a line of plain text.
function inLine(reading, formula) {
  const sign = { "*": " ⊙ ", "+": " + ", "-": " − " };
  const letter = (part) => reading.byName[part.replace(/_prev$/, "")]?.letter ?? part;
  return tokensOf(formula)
    .map((part) => sign[part] ?? `${letter(part)}${part.endsWith("_prev") ? "(t−1)" : ""}`)
    .join("");
}

// `set`: edited, shown by a pen, dashes and the words in `told`.
function fillChip(chip, em, shown, most, set, told) {
  chip.number.textContent = shown;
  chip.title.textContent = told + chip.says;
  chip.node.classList.toggle("edited", set);
  const room = set ? 1.35 * em : 0; // for the pen
  const width = em * (chip.signs + 0.95 + 0.53 * Math.max(4, shown.length)) + room;
  const x = Math.max(width / 2 + 1, Math.min(most - width / 2 - 1, chip.x));
  chip.box.setAttribute("x", x - width / 2);
  chip.box.setAttribute("width", width);
  chip.text.setAttribute("x", x - room / 2);
  const place = { x: x + width / 2 - room - em * 0.15, y: chip.y - em * 0.6, width: em * 1.2, height: em * 1.2 };
  if (chip.icon) for (const [name, at] of Object.entries(place)) chip.icon.setAttribute(name, at);
}

function drawToken(group, em, [x, y]) {
  const node = shape("g", group, { class: "token-in" });
  const box = shape("rect", node, { y: y - em * 0.9, height: em * 2, rx: 6 });
  return { box, letter: shape("text", node, { y: y + em * 0.1 }), x };
}

const LETTERS = 16; // maximum length of the input token: a longer one would cover the cell

function fillToken({ box, letter, x }, em, token) {
  const letters = [...token];
  const shown = letters.length > LETTERS ? `${letters.slice(0, LETTERS - 1).join("")}…` : token;
  const wide = em * Math.max(2, 0.66 * [...shown].length + 0.9);
  const left = Math.max(2, x - wide / 2);
  letter.textContent = shown;
  letter.setAttribute("x", left + wide / 2);
  box.setAttribute("x", left);
  box.setAttribute("width", wide);
}

// The note at the place of the belt, for a cell without one.
function drawNote(group, em, narrow, [x, y]) {
  const lines = narrow ? ["No belt:", "each step makes", "h anew."] : ["No belt: nothing is", "carried on unchanged,", "each step makes h anew."];
  lines.forEach((line, k) => shape("text", group, { class: "note", x: x + em, y: y + em * (0.6 + 1.35 * k) }, line));
}
