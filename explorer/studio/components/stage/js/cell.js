// The cell at work, drawn from its own description (explorer/diagram.py): ribbons on a canvas, and on top of it the parts as SVG.
// At a step the values flow along the wires in the order of computation, then rest.

const STEP_FLOW = 1100; // ms that one step by hand flows
const LEAST_FLOW = 120; // at higher speeds a shorter flow would not be visible
const LEAST_COPY = 300; // pixels that a copy needs to fit its numbers side by side
const USUAL = 10; // grid columns of most cells
const BROAD = { from: 1.3, least: 300 }; // a cell broader than `from` gets `least` pixels per USUAL columns, and scrolls if there is less room
const CALM = 600; // ms; in a slower flow the numbers wait for their wire

function makeCell(root, reading, modes, { go, ask, runs }) {
  const { layers, operations, phases } = reading.diagram;
  const panel = element("section", "cell", root);
  panel.setAttribute("aria-label", "The cell at this step");
  const story = makeStory(panel, reading);
  const drawing = element("div", "drawing", panel);
  const sheet = element("div", "sheet", drawing); // wider than the drawing, and scrolled, where copies would be too narrow
  const canvas = element("canvas", "ribbons", sheet);
  canvas.setAttribute("aria-hidden", "true");
  const svg = shape("svg", sheet, { class: "parts" });
  const hint = element("p", "hint", panel, `${COARSE ? "Tap" : "Click"} ${layers.length > 1 ? "a gate" : "the box"} for its arithmetic.`);
  const unfold = makeUnfold(panel, drawing, reading, { ask, go, folded });
  const wires = wiresOf(reading);
  const stripes = makeStripes(reading, wires);
  const breadth = Math.max(...wires.flatMap((wire) => wire.path.map(([x]) => x))) / USUAL; // of its grid, against that of most cells
  const entry = wires.findIndex((wire) => wire.role === "input" && !wire.ends[0]);
  let copies, em, size, context, theme, flow, unfolded, opened;
  let place = { step: 0, unit: 0 };
  let guessing = false;

  // One cell; or, unrolled in time, copies of it with those of the steps around.
  function layOut() {
    const room = drawing.clientWidth || 600;
    const around = modes.unroll ? [-1, 0, 1] : [0];
    const least = breadth > BROAD.from ? BROAD.least : modes.unroll ? LEAST_COPY : 0;
    const each = Math.max(least * breadth, room / around.length);
    const width = each * around.length;
    const usual = Math.round(Math.max(330, Math.min(420, room * 0.56, window.innerHeight * 0.5)));
    const height = modes.present ? Math.max(260, drawing.clientHeight) : usual;
    drawing.style.height = modes.present ? "" : `${height}px`;
    drawing.classList.toggle("scrolls", width > room + 1);
    sheet.style.width = `${width}px`;
    em = Math.max(modes.present && !modes.unroll ? 18 : 11.5, Math.min(each / breadth / (around.length > 1 ? 30 : 45), height / (modes.present ? 20 : 22), 36));
    size = { width, height, each };
    context = sharp(canvas, width, height);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.style.fontSize = `${em}px`;
    svg.replaceChildren();
    copies = around.map(drawCopy);
    drawing.scrollLeft = modes.unroll ? (width - room) / 2 : 0;
    canvas.dataset.marked = (reading.changed?.wires ?? []).join(" ");
    hint.hidden = modes.unroll;
    story.share(theme, modes.unroll);
  }

  // From the cell's grid to pixels, for the copy that is k-th from the left.
  function mapping(k) {
    const corners = wires.flatMap((wire) => wire.path);
    const right = Math.max(...corners.map(([x]) => x));
    const [top, bottom] = [Math.min(...corners.map(([, y]) => y)), Math.max(...corners.map(([, y]) => y))];
    const [above, below] = [em * 1.1, em * 1.5];
    const row = Math.min((size.height - above - below) / (bottom - top), em * 5.2);
    const first = above + (size.height - above - below - row * (bottom - top)) / 2;
    return { to: ([x, y]) => [(k + x / right) * size.each, first + (y - top) * row], top };
  }

  function drawCopy(offset, k) {
    const { to, top } = mapping(k);
    const marked = new Set(reading.changed?.nodes);
    const narrow = size.each / em / breadth < 40;
    const group = shape("g", svg, { class: `copy${offset ? "" : " here"}${narrow ? " narrow" : ""}` });
    if (modes.unroll) shape("rect", group, { class: "ground", x: k * size.each + 4, y: 2, width: size.each - 8, height: size.height - 4, rx: 10 });
    if (offset) {
      group.setAttribute("aria-hidden", "true");
      group.onclick = () => go({ by: offset });
    }
    if (!reading.belt && !offset) drawNote(group, em, narrow, to([0, top]));
    const lines = wires.map((wire) => {
      const points = wire.path.map(to);
      return { points, length: lengthOf(points) };
    });
    const token = drawToken(group, em, lines[entry].points[0]);
    for (const operation of operations) {
      const node = drawOperation(group, em, operation, to(operation.at));
      if (marked.has(operation.name)) drawHalo(node, em);
      drawSet(node, operation.name);
    }
    for (const layer of layers) {
      const node = drawGate(group, offset, narrow, layer, to(layer.at));
      if (marked.has(layer.name)) drawHalo(node, em);
      drawSet(node, layer.name);
    }
    const chips = wires.map((wire, n) => {
      const shown = wire.number !== null && !(k > 0 && wire.carries.endsWith("_prev")); // the copy before it says the same
      if (!shown) return null;
      const at = cut(lines[n].points, 0, lines[n].length * wire.number).at(-1);
      return drawChip(group, em, narrow, reading, wire, theme.roles[wire.role], offset, at);
    });
    return { offset, group, lines, token, chips, to };
  }

  // The quantities that are computed at a layer or an operation and edited somewhere in this text.
  function setAt(node) {
    const made = wires.filter((wire) => wire.ends[0] === node).map((wire) => wire.carries);
    return [...new Set([node, ...made])].flatMap((name) => [`${name}_pre`, name]).filter((name) => name in reading.edits.byName);
  }

  function drawSet(node, name) {
    if (reading.edits && setAt(name).length) drawPenMark(node, em);
  }

  // Marks what is set by hand at this step, for the pinned unit or for others.
  function fillSet(group, step) {
    for (const node of reading.edits ? group.querySelectorAll("[data-node]") : []) {
      const names = setAt(node.dataset.node);
      const how = Math.max(0, ...names.map((name) => edited(reading, name, step, place.unit)));
      node.classList.toggle("edited", how === 2);
      node.classList.toggle("edited-others", how === 1);
      const title = node.querySelector("title") ?? shape("title", node, {});
      title.dataset.says ??= title.textContent;
      title.textContent = editedInWords(reading, names, step, place.unit) + title.dataset.says;
    }
  }

  function drawGate(group, offset, narrow, layer, at) {
    const signal = reading.byName[layer.name];
    const node = drawLayer(group, em, narrow, layer, signal, theme.roles[signal.role], at);
    node.classList.toggle("lit", modes.unroll);
    node.onpointerenter = () => light(layer.name, true);
    node.onpointerleave = () => light(layer.name, false);
    if (!offset) makeOpening(node, signal, (how) => toggle(layer.name, how));
    return node;
  }

  // One set of weights, in every copy of the cell.
  function light(name, on) {
    for (const node of svg.querySelectorAll(".layer")) {
      if (node.dataset.node === name) node.classList.toggle("lit", on || modes.unroll);
    }
  }

  // Whether a copy is visible: its step exists, and is not hidden for a guess.
  function seen(offset, step) {
    return step >= 0 && step < reading.steps && !(guessing && offset > 0);
  }

  function fill() {
    for (const { offset, token, chips, group } of copies) {
      const step = place.step + offset;
      const there = seen(offset, step);
      group.classList.toggle("absent", !there);
      if (!there) continue;
      fillToken(token, em, reading.shown[step]);
      fillSet(group, step);
      wires.forEach((wire, k) => {
        if (!chips[k]) return;
        const value = wire.value(step, place.unit);
        const set = edited(reading, wire.carries, step, place.unit) === 2;
        fillChip(chips[k], em, exact(value), size.width, set, editedInWords(reading, [wire.carries], step, place.unit));
      });
    }
  }

  // All wires of all copies: as far as the flow has come with the new values, behind that still with the old ones.
  function paint(share) {
    context.clearRect(0, 0, size.width, size.height);
    context.imageSmoothingEnabled = false;
    for (const { offset, lines } of copies) {
      const step = place.step + offset;
      if (!seen(offset, step)) continue;
      const old = flow && !offset ? before(reading, step) : null;
      const reach = wires.map((wire, k) => (offset ? 1 : within(share, wire.from, wire.until)) * lines[k].length);
      const fresh = stripes.at(theme, step);
      const stale = old === null ? null : stripes.at(theme, old);
      for (const k of reading.changed?.wires ?? []) {
        if (strength(wires[k]) === 1) paintHalo(context, lines[k].points, em, theme);
      }
      wires.forEach((wire, k) => {
        const how = reach[k] > 0 ? edited(reading, wire.carries, step, place.unit) : 0;
        if (how && strength(wire) === 1) paintEdited(context, lines[k].points, em, theme, wire, how);
      });
      wires.forEach((wire, k) => {
        context.globalAlpha = strength(wire);
        if (wire.value) paintStripes(context, lines[k], em, wire, k, reach[k], fresh, stale);
        else strokeLine(context, lines[k].points, em * WIDTHS.plain, theme.roles.input);
      });
      wires.forEach((wire, k) => {
        context.globalAlpha = strength(wire);
        const colour = theme.roles[wire.role];
        const fillAt = (when) => wireColour(theme, reading, wire, wire.value(when, place.unit));
        if (wire.value) paintPinned(context, lines[k], em, colour, reach[k], fillAt(step), old === null ? null : fillAt(old));
        const inside = !wire.ends[1] ? 0 : wire.ends[1] in reading.byName ? 1.2 : 1;
        paintArrow(context, lines[k].points, em * inside, em * WIDTHS.arrow, colour);
      });
    }
    context.globalAlpha = 1;
  }

  function within(value, from, until) {
    return Math.max(0, Math.min(1, (value - from) / (until - from)));
  }

  // With a gate unfolded, all wires are dim except those that enter or leave it.
  function strength(wire) {
    if (!unfolded) return 1;
    return wire.ends.includes(unfolded) || enteredBy(unfolded).includes(wire.ends[0]) ? 1 : 0.15;
  }

  function enteredBy(layer) {
    return wires.filter((wire) => wire.ends[0] === layer && wire.ends[1]).map((wire) => wire.ends[1]);
  }

  function dim(layer) {
    unfolded = layer;
    const bright = layer ? [layer, ...enteredBy(layer)] : null;
    for (const { group } of copies) {
      for (const node of group.children) {
        node.classList.toggle("dim", Boolean(bright) && !bright.includes(node.dataset.node) && !node.classList.contains("ground"));
      }
    }
    for (const { chips } of copies) {
      wires.forEach((wire, k) => chips[k]?.node.classList.toggle("dim", Boolean(bright) && wire.ends[0] !== layer));
    }
    hint.hidden = modes.unroll || Boolean(layer);
    rest();
  }

  // Keyboard users continue from the gate; for all others Space plays.
  function folded() {
    const gate = svg.querySelector(`[data-testid=stage-gate-${unfolded}]`);
    dim(null);
    if (opened.byKey) gate?.focus({ preventScroll: true });
  }

  function toggle(layer, how) {
    if (unfolded === layer) {
      unfold.close();
      return;
    }
    const [x] = copies.find(({ offset }) => !offset).to(layers.find(({ name }) => name === layer).at);
    const seen = x - drawing.scrollLeft;
    opened = how;
    dim(layer);
    unfold.open(layer, seen, theme, place);
  }

  function start(lasts) {
    flow = { began: performance.now(), lasts };
    tell(0);
    paint(0);
    flow.frame = requestAnimationFrame(tick);
  }

  function tick(time) {
    const share = (time - flow.began) / flow.lasts;
    if (share >= 1) {
      rest();
      return;
    }
    tell(share);
    runs([...wires.keys()].filter((k) => wires[k].from <= share && share < wires[k].until));
    paint(share);
    flow.frame = requestAnimationFrame(tick);
  }

  // Highlights the current part of the story; the numbers of later parts wait.
  function tell(share) {
    const calm = Boolean(flow) && flow.lasts >= CALM;
    story.tell(calm ? Math.floor(share * phases.length) : null);
    for (const { offset, chips } of copies) {
      wires.forEach((wire, k) => chips[k]?.node.classList.toggle("waiting", calm && !offset && share < wire.from));
    }
  }

  function stop() {
    if (flow) cancelAnimationFrame(flow.frame);
    flow = null;
  }

  // Records the quantities of the wires that are marked as edited.
  function tellSet() {
    const carried = new Set(wires.map((wire) => wire.carries));
    if (reading.edits) canvas.dataset.edited = [...carried].filter((name) => edited(reading, name, place.step, place.unit) === 2).join(" ");
  }

  function rest() {
    stop();
    tellSet();
    runs([]);
    tell(1);
    paint(1);
  }

  swipes(drawing, go);

  return {
    fit(nextTheme) {
      theme = nextTheme;
      stop();
      const held = svg.contains(focused()) ? focused().dataset.testid : null; // a gate is drawn anew
      stripes.clear();
      layOut();
      if (held) svg.querySelector(`[data-testid=${held}]`)?.focus({ preventScroll: true });
      if (unfolded) dim(unfolded);
    },
    move(nextTheme, next, { lasts = 0 } = {}) {
      place = next;
      story.move(place);
      fill();
      stop();
      if (lasts >= LEAST_FLOW && !unfolded) start(lasts);
      else rest();
      unfold.move(theme, place);
    },
    covered(on) {
      guessing = on;
      fill();
      rest();
    },
    explain: () => unfold.move(theme, place),
    fold: () => unfold.close(),
    leave: stop,
    // The picture at rest.
    picture() {
      rest();
      return { svg, canvas };
    },
  };
}

// The computation of a step in a sentence, whose parts light up as the values flow.
function makeStory(panel, reading) {
  const head = element("h2", "", panel);
  const first = element("span", "phase", head, "It reads ");
  const glyph = element("span", "glyph", head);
  const own = element("span", "", head);
  const later = reading.diagram.phases.slice(1).map(({ says }) => {
    element("span", "then", head, " → ");
    return element("span", "phase", head, says);
  });
  const shared = element("span", "shared", head);
  return {
    move({ step }) {
      glyph.textContent = reading.shown[step];
      const notes = [
        reading.unknown.includes(step) && "unknown to it",
        step < reading.warm && "to warm up",
        step in (reading.edits?.replaced ?? {}) && `edited: it was ${reading.edits.replaced[step]}`,
        reading.generated !== null && step >= reading.generated && "its own",
      ].filter(Boolean);
      own.textContent = notes.length ? ` (${notes.join(", ")})` : "";
    },
    tell(phase) {
      [first, ...later].forEach((node, k) => node.classList.toggle("on", k === phase));
    },
    share(theme, unrolled) {
      shared.replaceChildren(unrolled ? "the same weights in each copy: " : "");
      if (!unrolled) return;
      for (const { name } of reading.diagram.layers) weights(shared, reading.byName[name].letter, theme.roles[reading.byName[name].role]);
    },
  };
}

// A swipe to the left moves on by a step, like turning a page; vertical swipes scroll.
function swipes(surface, go) {
  let from = null;
  surface.onpointerdown = (event) => {
    from = event.pointerType === "mouse" ? null : event;
  };
  surface.onpointerup = (event) => {
    if (!from || surface.classList.contains("scrolls")) return;
    const [dx, dy] = [event.clientX - from.clientX, event.clientY - from.clientY];
    from = null;
    if (Math.abs(dx) > 30 && Math.abs(dx) > 2 * Math.abs(dy)) go({ by: dx < 0 ? 1 : -1 });
  };
}
