// Why this number? The pinned unit's equations without weights, with their numbers; those of a gate unfold at the gate.
// An edited value stands beside the result of its equation.

function makeWhy(root, reading) {
  const panel = element("section", "why", root);
  panel.setAttribute("aria-label", "Why this number?");
  element("b", "why-title", panel, "Why this number?");
  const body = element("div", "equations", panel);
  const plain = reading.signals.filter(({ name, formula }) => formula && !tokensOf(formula).includes(`${name}_pre`));

  function begun(theme, signal, previous = false) {
    const line = element("div", "equation", body);
    symbol(line, signal.letter, previous, theme.roles[signal.role]);
    return line;
  }

  function equation(theme, signal, place) {
    const line = begun(theme, signal);
    line.append(" = ");
    print(line, theme, reading, signal.formula);
    const { step, unit } = place;
    const set = edited(reading, signal.name, step, unit) === 2;
    if (set) result(line, theme, signal, place, " (the equation gives ");
    else line.append(" = ");
    print(line, theme, reading, signal.formula, place);
    line.append(equals(reading, signal.formula, place));
    if (set) line.append(`${exact(besideOf(reading, signal.name, step, unit))})`);
    else element("b", "result", line, exact(valueAt(reading, signal.name, step, unit))).style.color = theme.roles[signal.role];
  }

  function result(line, theme, signal, { step, unit }, then) {
    line.classList.add("set");
    pen(line);
    line.append(" set to ");
    element("b", "result", line, exact(valueAt(reading, signal.name, step, unit))).style.color = theme.roles[signal.role];
    line.append(` by an edit${then}`);
  }

  // An edited quantity without an equation above: a gate, a pre-activation, a state as it enters the step.
  function set(theme, name, place) {
    const signal = reading.byName[name.replace(/_(pre|prev)$/, "")];
    const line = begun(theme, signal, name.endsWith("_prev"));
    line.classList.add("set");
    pen(line);
    line.append(` ${saysEdit(reading, name, place.step, place.unit)}`);
  }

  return {
    move(theme, place) {
      body.replaceChildren();
      for (const signal of plain) equation(theme, signal, place);
      const shown = new Set(plain.map(({ name }) => name));
      const others = editsAt(reading, place.step, place.unit).filter((name) => !shown.has(name));
      for (const name of others) set(theme, name, place);
      panel.hidden = plain.length + others.length === 0; // in a cell with a single layer, everything unfolds there
    },
  };
}
