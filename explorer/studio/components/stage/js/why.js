// Why this number? The pinned unit's equations that need no weights, filled in; those of a gate unfold at the gate.

function makeWhy(root, reading) {
  const panel = element("section", "why", root);
  panel.setAttribute("aria-label", "Why this number?");
  element("b", "why-title", panel, "Why this number?");
  const body = element("div", "equations", panel);
  const plain = reading.signals.filter(({ name, formula }) => formula && !tokensOf(formula).includes(`${name}_pre`));
  panel.hidden = plain.length === 0; // of a cell that has but one layer, everything unfolds there
  return {
    move(theme, { step, unit }) {
      body.replaceChildren();
      const at = (name) => named(reading, name, step, unit);
      for (const signal of plain) {
        const line = element("div", "equation", body);
        symbol(line, signal.letter, false, theme.roles[signal.role]);
        line.append(" = ");
        print(line, theme, reading, signal.formula);
        line.append(" = ");
        print(line, theme, reading, signal.formula, at);
        line.append(equals(signal.formula, at));
        element("b", "result", line, exact(at(signal.name))).style.color = theme.roles[signal.role];
      }
    },
  };
}
