// The cell at work, drawn from its own description (explorer/diagram.py): ribbons on a canvas, and on top of it layers, operations
// and numbers as SVG. At a step the values flow along the wires in the order of computation, then rest.

const NS = "http://www.w3.org/2000/svg";
const STEP_FLOW = 1100; // ms that one step by hand flows
const LEAST_FLOW = 120; // below that, at the higher speeds, nothing is seen of it
const CALM = 600; // a flow that is slower lets the numbers wait for their wire

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

function makeCell(root, reading, modes, { go, ask }) {
  const panel = element("section", "cell", root);
  panel.setAttribute("aria-label", "The cell at this step");
  const head = element("h2", "", panel);
  const drawing = element("div", "drawing", panel);
  const canvas = element("canvas", "ribbons", drawing);
  canvas.setAttribute("aria-hidden", "true");
  const svg = shape("svg", drawing, { class: "parts" });
  const hint = element("p", "hint", drawing, `Click ${reading.diagram.layers.length > 1 ? "a gate" : "the box"} for its arithmetic.`);
  const unfold = makeUnfold(drawing, reading, { ask, go, folded: () => dim(null) });
  const wires = wiresOf(reading);
  const stripes = makeStripes(reading, wires);
  const phases = reading.diagram.phases.length;
  const corners = [...wires.flatMap((wire) => wire.path)];
  const grid = {
    right: Math.max(...corners.map(([x]) => x)),
    top: Math.min(...corners.map(([, y]) => y)),
    bottom: Math.max(...corners.map(([, y]) => y)),
  };
  let copies, em, scale, context, theme, flow, unfolded, dimmed;
  let place = { step: 0, unit: 0 };

  element("span", "phase", head, "It reads ");
  const glyph = element("span", "glyph", head);
  const own = element("span", "", head);
  const shared = element("span", "shared", head);
  const told = reading.diagram.phases.map(({ says }, k) => {
    if (k) element("span", "then", head, " → ");
    return k ? element("span", "phase", head, says) : head.firstChild;
  });
  head.append(shared);

  // Which copies of the cell there are: one, or unrolled in time with its neighbours.
  function offsets(width) {
    if (!modes.unroll) return [0];
    return width < 640 ? [-1, 0] : [-1, 0, 1];
  }

  function layOut() {
    const width = drawing.clientWidth || 600;
    const around = offsets(width);
    const each = width / around.length;
    const height = modes.present ? Math.max(260, drawing.clientHeight) : Math.round(Math.max(330, Math.min(420, width * 0.56, window.innerHeight * 0.5)));
    drawing.style.height = modes.present ? "" : `${height}px`;
    em = Math.max(11.5, Math.min(each / (around.length > 1 ? 30 : 45), height / (modes.present ? 20 : 22), 36));
    context = sharp(canvas, width, height);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.style.fontSize = `${em}px`;
    const [above, below] = [em * 1.1, em * 1.5];
    const row = Math.min((height - above - below) / (grid.bottom - grid.top), em * 5.2);
    const down = above + (height - above - below - row * (grid.bottom - grid.top)) / 2;
    scale = { width, height, each };
    const narrow = each / em < 40;
    svg.replaceChildren();
    copies = around.map((offset, k) => {
      const to = ([x, y]) => [k * each + (x / grid.right) * each, down + (y - grid.top) * row];
      const group = shape("g", svg, { class: `copy${offset ? "" : " here"}${narrow ? " narrow" : ""}` });
      const lines = wires.map((wire) => wire.path.map(to));
      return { offset, to, group, narrow, lines, lengths: lines.map(lengthOf), chips: [], ...drawParts(group, offset, to, narrow, lines, k) };
    });
  }

  function drawParts(group, offset, to, narrow, lines, place) {
    const { diagram } = reading;
    if (copies?.length !== 1 || modes.unroll) {
      const [x, y] = [place * scale.each + 4, 2];
      shape("rect", group, { class: "ground", x, y, width: scale.each - 8, height: scale.height - 4, rx: 10 });
    }
    if (offset) {
      group.setAttribute("aria-hidden", "true");
      group.onclick = () => go({ by: offset });
    }
    if (!reading.belt && !offset) drawNote(group, to, narrow);
    const entry = wires.findIndex((wire) => wire.role === "input" && !wire.ends[0]);
    const [tx, ty] = lines[entry][0];
    const token = shape("g", group, { class: "token-in" });
    const box = shape("rect", token, { rx: 6 });
    const letter = shape("text", token, { x: tx, y: ty + em * 0.1, class: "letter" });
    for (const { name, does, at } of diagram.operations) {
      const [x, y] = to(at);
      const node = shape("g", group, { class: "operation", "data-node": name });
      const half = does.length > 2 ? em * 1.55 : em * 0.95;
      shape("rect", node, { x: x - half, y: y - em * 0.95, width: 2 * half, height: em * 1.9, rx: em * 0.95 });
      shape("text", node, { x, y, class: does.length > 1 ? "word" : "sign" }, does);
    }
    for (const layer of diagram.layers) drawLayer(group, offset, to(layer.at), layer, narrow);
    const chips = wires.map((wire, k) => (wire.number === null ? null : drawChip(group, offset, wire, lines[k], narrow)));
    return { token: { box, letter, x: tx, y: ty }, chips };
  }

  // Where others have their belt.
  function drawNote(group, to, narrow) {
    const [x, y] = to([0, grid.top]);
    const lines = narrow ? ["No belt:", "each step makes", "h anew."] : ["No belt: nothing is", "carried on unchanged,", "each step makes h anew."];
    lines.forEach((line, k) => shape("text", group, { class: "note", x: x + em, y: y + em * (0.6 + 1.35 * k) }, line));
  }

  // One set of weights, in every copy of the cell.
  function light(name, on) {
    for (const node of svg.querySelectorAll(".layer")) {
      if (node.dataset.node === name) node.classList.toggle("lit", on || modes.unroll);
    }
  }

  function drawLayer(group, offset, [x, y], { name, glyph: sign }, narrow) {
    const signal = reading.byName[name];
    const node = shape("g", group, { class: "layer", "data-node": name, style: `color: ${theme.roles[signal.role]}` });
    const [wide, high] = [em * (narrow ? 3 : 3.6), em * 2.3];
    shape("rect", node, { x: x - wide / 2, y: y - high / 2, width: wide, height: high, rx: em * 0.45 });
    shape("text", node, { x, y, class: "sign" }, sign);
    const left = x + em * (narrow ? 0.7 : 0.9);
    shape("text", node, { x: left, y: y + high / 2 + em * 0.95, class: "says" }, signal.says);
    const field = signal.label.replace(signal.says, "").trim();
    if (!narrow && field) shape("text", node, { x: left, y: y + high / 2 + em * 2.05, class: "field" }, field);
    shape("rect", node, { class: "hit", x: x - wide / 2, y: y - high / 2, width: wide * 1.5, height: high + em * 2.6 }); // box and words as one
    node.classList.toggle("lit", modes.unroll);
    node.onpointerenter = () => light(name, true);
    node.onpointerleave = () => light(name, false);
    if (offset) return;
    node.setAttribute("role", "button");
    node.setAttribute("tabindex", "0");
    node.setAttribute("aria-label", `${signal.says}, ${signal.label}: unfold its arithmetic`);
    node.dataset.testid = `stage-gate-${name}`;
    shape("title", node, {}, `${signal.label}: ${signal.hint}. Click for its arithmetic.`);
    node.onclick = () => toggle(name);
    node.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      toggle(name);
    };
  }

  // A number on its wire: symbol and value, or the value alone where a formula is carried, or there is no room.
  function drawChip(group, offset, wire, points, narrow) {
    const node = shape("g", group, { class: "chip", style: `color: ${theme.roles[wire.role]}` });
    const [x, y] = cut(points, 0, lengthOf(points) * wire.number).at(-1);
    const box = shape("rect", node, { y: y - em * 0.85, height: em * 1.7, rx: em * 0.85 });
    const text = shape("text", node, { y });
    const name = wire.carries.replace(/_prev$/, "");
    const bare = name in reading.byName;
    const symbolText = bare && !narrow ? shape("tspan", text, { class: "letter" }, name) : null;
    if (symbolText) shape("tspan", text, { class: "sub", dy: "0.25em" }, subscript(offset - (name !== wire.carries)));
    const number = shape("tspan", text, { class: "value", ...(symbolText ? { dy: "-0.25em", dx: "0.35em" } : {}) });
    if (wire.carries === name && bare && !offset) {
      number.dataset.testid = `stage-value-${name}`;
      number.style.color = theme.roles[wire.role];
    }
    const formulaText = tokensOf(wire.carries).map((part) => ({ "*": " ⊙ ", "+": " + ", "-": " − " })[part] ?? part.replace(/_prev$/, "(t−1)"));
    shape("title", node, {}, `${bare ? reading.byName[name].label : "carries"}: ${formulaText.join("")}`);
    return { node, box, text, number, x, signs: symbolText ? 2.2 : 0.4 };
  }

  function fillChip(chip, value, offset) {
    const shown = offset ? brief(value) : exact(value);
    chip.number.textContent = shown;
    const width = em * (chip.signs + 0.95 + 0.53 * Math.max(4, shown.length));
    const x = Math.max(width / 2 + 1, Math.min(scale.width - width / 2 - 1, chip.x));
    chip.box.setAttribute("x", x - width / 2);
    chip.box.setAttribute("width", width);
    chip.text.setAttribute("x", x);
  }

  function fill() {
    for (const { offset, token, chips, group } of copies) {
      const step = place.step + offset;
      const there = step >= 0 && step < reading.steps;
      group.classList.toggle("absent", !there);
      if (!there) continue;
      const shown = reading.inputs ? brief(reading.inputs[step]) : reading.shown[step];
      token.letter.textContent = shown;
      const wide = em * Math.max(2, 0.66 * [...shown].length + 0.9);
      const left = Math.max(2, token.x - wide / 2);
      token.letter.setAttribute("x", left + wide / 2);
      for (const [name, value] of Object.entries({ x: left, y: token.y - em * 0.9, width: wide, height: em * 2 })) token.box.setAttribute(name, value);
      wires.forEach((wire, k) => chips[k] && fillChip(chips[k], wire.value(step, place.unit), offset));
    }
  }

  function related(wire) {
    return wire.ends.includes(dimmed) || fedBy(dimmed).includes(wire.ends[0]);
  }

  function fedBy(layer) {
    return wires.filter((wire) => wire.ends[0] === layer && wire.ends[1]).map((wire) => wire.ends[1]);
  }

  // All wires of all copies: those of phases that are done with the new values, the others still with the old ones.
  function paint(share) {
    context.clearRect(0, 0, scale.width, scale.height);
    context.imageSmoothingEnabled = false;
    const now = share * phases;
    for (const { offset, lines, lengths } of copies) {
      const step = place.step + offset;
      if (step < 0 || step >= reading.steps) continue;
      const fresh = stripes.at(theme, step);
      const stale = flow && !offset && before(reading, step) >= 0 ? stripes.at(theme, before(reading, step)) : null;
      const reach = wires.map((wire, k) => (offset ? 1 : Math.max(0, Math.min(1, now - wire.phase))) * lengths[k]);
      wires.forEach((wire, k) => {
        const weak = dimmed && !related(wire) ? 0.15 : 1;
        const half = em * (wire.role === "belt" && wire.scale === "memory" ? 1.35 : 0.72);
        context.globalAlpha = weak;
        if (!wire.value) {
          strokeLine(context, lines[k], em * 0.28, theme.roles.input);
          return;
        }
        context.strokeStyle = theme.grid;
        context.globalAlpha = weak * FAINT;
        if (stale && reach[k] < lengths[k]) paintRibbon(context, cut(lines[k], reach[k], lengths[k]), half, stale, k);
        if (reach[k] > 0) paintRibbon(context, cut(lines[k], 0, reach[k]), half, fresh, k);
      });
      wires.forEach((wire, k) => {
        const colour = theme.roles[wire.role];
        context.globalAlpha = dimmed && !related(wire) ? 0.15 : 1;
        const width = em * 0.42;
        if (wire.value) {
          const old = reach[k] < lengths[k] && stale;
          if (old) {
            context.globalAlpha *= 0.4;
            paintPipe(context, lines[k], width, colour, wireColour(theme, reading, wire, wire.value(before(reading, step), place.unit)));
            context.globalAlpha /= 0.4;
          }
          const done = cut(lines[k], 0, reach[k]);
          const fillColour = wireColour(theme, reading, wire, wire.value(step, place.unit));
          paintPipe(context, done, width, colour, fillColour);
          if (done.length > 1 && reach[k] < lengths[k]) paintBead(done.at(-1), colour, fillColour);
        }
        const [endLayer, endNode] = [reading.byName[wire.ends[1]], wire.ends[1]];
        const back = !endNode ? 0 : endLayer ? em * 1.2 : em * 1;
        if (!lengthOf(lines[k].slice(-2))) return;
        paintArrow(context, lines[k], back, em * 0.75, wire.value ? colour : theme.roles.input);
      });
    }
    context.globalAlpha = 1;
  }

  function paintBead([x, y], casing, fillColour) {
    context.beginPath();
    context.arc(x, y, em * 0.5, 0, 7);
    context.fillStyle = fillColour;
    context.strokeStyle = casing;
    context.lineWidth = 2.5;
    context.fill();
    context.stroke();
  }

  function tell(share) {
    const now = flow && flow.lasts >= CALM ? Math.floor(share * phases) : null;
    told.forEach((node, k) => node.classList.toggle("on", now === k));
    for (const { offset, chips } of copies) {
      wires.forEach((wire, k) => chips[k]?.node.classList.toggle("waiting", !offset && now !== null && wire.phase > now));
    }
  }

  function tick(time) {
    const share = Math.min(1, (time - flow.began) / flow.lasts);
    if (share >= 1) {
      rest();
      return;
    }
    tell(share);
    paint(share);
    flow.frame = requestAnimationFrame(tick);
  }

  function stopFlow() {
    if (flow) cancelAnimationFrame(flow.frame);
    flow = null;
  }

  function rest() {
    stopFlow();
    tell(1);
    paint(1);
  }

  function dim(layer) {
    dimmed = unfolded = layer;
    for (const { group } of copies) {
      const near = layer ? [layer, ...fedBy(layer)] : null;
      for (const node of group.children) {
        const name = node.dataset.node;
        node.classList.toggle("dim", Boolean(near) && !near.includes(name) && !node.classList.contains("ground"));
      }
    }
    rest();
  }

  function toggle(layer) {
    if (unfolded === layer) {
      unfold.close();
      return;
    }
    const { to } = copies.find(({ offset }) => !offset);
    const [x] = to(reading.diagram.layers.find(({ name }) => name === layer).at);
    stopFlow();
    dim(layer);
    unfold.open(layer, x, theme, place);
  }

  swipes(drawing, go);

  return {
    fit(nextTheme) {
      theme = nextTheme;
      stopFlow();
      stripes.clear();
      layOut();
      if (unfolded) dim(unfolded);
      shared.replaceChildren(modes.unroll ? "the same weights in each copy: " : "");
      if (modes.unroll) for (const { name } of reading.diagram.layers) weights(shared, name, theme.roles[reading.byName[name].role]);
      hint.hidden = modes.unroll;
    },
    move(nextTheme, next, { lasts = 0 } = {}) {
      place = next;
      glyph.textContent = reading.shown[place.step];
      own.textContent = reading.generated !== null && place.step >= reading.generated ? " (its own)" : "";
      fill();
      stopFlow();
      const flows = lasts >= LEAST_FLOW && !unfolded;
      if (flows) {
        flow = { began: performance.now(), lasts };
        tell(0);
        paint(0);
        flow.frame = requestAnimationFrame(tick);
      } else rest();
      unfold.move(theme, place);
    },
    explain: () => unfold.move(theme, place),
    fold: () => unfold.close(),
    leave: stopFlow,
    picture: () => ({ svg, canvas }),
  };
}

// What the weights of a layer are called in the equations.
function weights(parent, name, colour) {
  const node = element("span", "symbol", parent);
  node.style.color = colour;
  element("i", "", node, " W");
  element("sub", "", node, name);
}

// A finger that strokes to the left goes on by a step, as one turns a page; up and down it scrolls.
function swipes(surface, go) {
  let from = null;
  surface.addEventListener("pointerdown", (event) => {
    from = event.pointerType === "mouse" ? null : event;
  });
  surface.addEventListener("pointerup", (event) => {
    if (!from) return;
    const [dx, dy] = [event.clientX - from.clientX, event.clientY - from.clientY];
    from = null;
    if (Math.abs(dx) > 30 && Math.abs(dx) > 2 * Math.abs(dy)) go({ by: dx < 0 ? 1 : -1 });
  });
}
