// A gate unfolded in place: the terms of its pre-activation, their sum, the nonlinearity, and the use of its value.

const MOST_INPUTS = 8; // lines for input columns at most

function makeUnfold(around, drawing, reading, { ask, go, folded }) {
  const panel = element("div", "unfold", around);
  panel.dataset.testid = "stage-unfold";
  panel.setAttribute("role", "dialog");
  panel.hidden = true;
  panel.tabIndex = -1;
  let layer = null;

  function bars(rows, parent, theme) {
    const values = rows.map(({ value }) => value);
    const [low, high] = [Math.min(0, ...values), Math.max(0, ...values, 1e-9)];
    const at = (value) => ((value - low) / (high - low)) * 100;
    const table = element("div", "pushes", parent);
    for (const { label, value, unit, says } of rows) {
      const row = element(unit === undefined ? "div" : "button", "push", table);
      if (unit !== undefined) {
        row.type = "button";
        row.title = `Pin unit ${unit}`;
        row.onclick = () => go({ unit });
      }
      const name = element("span", "push-name", row, label);
      if (unit === undefined) name.title = `${label}${says ?? ""}`;
      if (says) element("span", "glyph", name, says);
      const track = element("span", "push-track", row);
      const bar = element("i", "", track);
      element("u", "", track).style.left = `${at(0)}%`;
      bar.style.left = `${at(Math.min(0, value))}%`;
      bar.style.width = `${at(Math.abs(value)) - at(0)}%`;
      bar.style.background = value < 0 ? theme.below[1] : theme.above[1];
      element("span", "push-number", row, `${value < 0 ? "" : "+"}${exact(value)}`);
    }
  }

  // The largest of many input columns, in their order, and the sum of all others.
  function largestInputs(inputs) {
    const all = inputs.map((value, k) => ({ label: `input ${reading.columns[k]}`, value }));
    if (all.length <= MOST_INPUTS) return all;
    const size = (k) => (Number.isFinite(inputs[k]) ? Math.abs(inputs[k]) : Infinity);
    const largest = new Set([...inputs.keys()].sort((a, b) => size(b) - size(a)).slice(0, MOST_INPUTS - 1));
    const rest = inputs.reduce((sum, value, k) => (largest.has(k) ? sum : sum + value), 0);
    return [...all.filter((_, k) => largest.has(k)), { label: `the other ${all.length - largest.size} inputs`, value: rest }];
  }

  // The nonlinearity, with this step's point on it.
  function curve(parent, theme, colour, formula, at, value) {
    const picture = shape("svg", parent, { viewBox: "-6 -1.3 12 2.6", class: "curve", "aria-hidden": "true" });
    const computed = compile(formula);
    const squash = (a) => computed(() => a);
    const x = (a) => Math.max(-5.8, Math.min(5.8, a));
    const points = Array.from({ length: 97 }, (_, k) => -6 + k / 8).map((a) => `${a},${-Math.max(-1.2, Math.min(1.2, squash(a)))}`);
    shape("path", picture, { d: "M-6 0H6M0 -1.2V1.2", class: "axes" });
    shape("polyline", picture, { points: points.join(" "), class: "line" });
    shape("circle", picture, { cx: x(at), cy: -Math.max(-1.2, Math.min(1.2, value)), r: 0.24, fill: colour });
  }

  function show(theme, { step, unit }) {
    const signal = reading.byName[layer];
    const colour = theme.roles[signal.role];
    panel.replaceChildren();
    panel.style.setProperty("--role", colour);
    panel.setAttribute("aria-label", `${signal.label} of unit ${unit}: its arithmetic`);
    const title = element("div", "unfold-title", panel);
    element("b", "", title, signal.says === signal.label ? signal.label : `${signal.says} (${signal.label})`);
    title.append(` of unit ${unit}`);
    const shut = element("button", "unfold-close", title, "×");
    shut.type = "button";
    shut.setAttribute("aria-label", "Fold (Esc)");
    shut.onclick = close;
    const known = reading.arithmetic?.of[unit];
    if (!known) {
      element("p", "busy", panel, ask ? "Asking for its weights …" : `The arithmetic of unit ${unit} was not saved with this page.`);
      ask?.({ unit });
      return;
    }
    const { columns, pushers } = reading.arithmetic;
    const part = known[`${layer}_pre`];
    const [recurrent, bias] = [part.recurrent[step], part.bias[step]];
    const inputs = [...part.inputs.subarray(step * columns, (step + 1) * columns)];
    const rows = reading.columns
      ? largestInputs(inputs)
      : [{ label: "it reads ", says: reading.shown[step], value: inputs[0] }];
    let rest = recurrent;
    const pushing = Math.min(pushers, reading.units);
    for (let k = 0; k < pushing; k++) {
      const [push, by] = [part.pushes[step * pushers + k], part.by[step * pushers + k]];
      if (push === 0) continue;
      rest -= push;
      rows.push({ label: `unit ${by} of ${part.whose}`, value: push, unit: by });
    }
    if (reading.units > pushing && rest !== 0) rows.push({ label: `the other ${reading.units - pushing} units`, value: rest });
    for (const { label, values } of part.others) rows.push({ label, value: values[step] });
    rows.push({ label: "bias", value: bias });
    bars(rows, panel, theme);
    const others = part.others.reduce((sum, { values }) => sum + values[step], 0);
    const summed = inputs.reduce((a, b) => a + b, 0) + recurrent + others + bias;
    const set = edited(reading, layer, step, unit) === 2;
    const summedAnew = edited(reading, `${layer}_pre`, step, unit) === 2;
    const sum = summedAnew ? besideOf(reading, `${layer}_pre`, step, unit) : summed; // what is squashed
    const shown = valueAt(reading, layer, step, unit);
    const value = set ? besideOf(reading, layer, step, unit) : shown; // what the equation gives
    if (summedAnew) said(panel, `The sum, ${exact(summed)}, is set to ${exact(sum)} by an edit.`);
    const squash = signal.formula.split("(")[0];
    const inside = signal.formula.slice(squash.length + 1, -1).replace(`${layer}_pre`, exact(sum)).replace("*", "×");
    const result = element("div", "unfold-sum", panel);
    const line = element("div", "equation", result);
    symbol(line, signal.letter, false, colour);
    line.append(squash in FUNCTIONS ? ` = ${squash === "sigmoid" ? "σ" : squash}( ${inside} ) = ` : " = ");
    element("b", "result", line, exact(value)).style.color = colour;
    if (set) said(panel, `Then it is set to ${exact(shown)} by an edit (the equation gives ${exact(value)}).`);
    if (squash in FUNCTIONS) curve(result, theme, colour, signal.formula, sum, value);
    const { feeds } = reading.diagram.layers.find(({ name }) => name === layer);
    if (feeds) {
      const product = element("div", "equation", panel);
      print(product, theme, reading, feeds);
      product.append(" = ");
      print(product, theme, reading, feeds, { step, unit });
      product.append(equals(reading, feeds, { step, unit }));
      element("b", "result", product, exact(compile(feeds)((name) => named(reading, name, step, unit))));
    } else element("p", "hint", panel, signal.hint);
  }

  function said(parent, text) {
    const line = element("p", "set", parent);
    pen(line);
    line.append(` ${text}`);
  }

  // A click outside folds it; clicks inside or on a gate keep their own action.
  function outside(event) {
    const path = event.composedPath();
    if (path.includes(panel) || path.some((node) => node.classList?.contains("layer"))) return;
    close();
  }
  around.onclick = outside;

  function close() {
    if (!layer) return false;
    layer = null;
    panel.hidden = true;
    folded();
    return true;
  }

  return {
    open(name, x, theme, place) {
      layer = name;
      panel.hidden = false;
      show(theme, place);
      const room = drawing.clientWidth;
      const wide = Math.min(room, Math.max(330, room * 0.44));
      panel.style.width = `${wide}px`;
      const [gap, words] = [50, 96]; // beside the box, and beside its words, which stand to the right of it
      const left = x - gap - wide;
      const right = x + words + wide <= room || left < 0;
      panel.style.top = `${drawing.offsetTop}px`;
      panel.style.left = `${room < 560 ? 0 : right ? Math.max(x + gap, Math.min(x + words, room - wide)) : left}px`;
      panel.focus({ preventScroll: true });
      panel.scrollIntoView({ block: "nearest" });
    },
    move(theme, place) {
      if (layer) show(theme, place);
    },
    close,
  };
}
