// Why this number? The pinned unit's equations, filled in.

function makeWhy(root, reading) {
  const panel = element("details", "why", root);
  panel.open = true;
  element("summary", "", panel, "Why this number?");
  const body = element("div", "equations", panel);
  let why = reading.why;

  // A formula as symbols or as numbers: names are replaced, operators set as in print.
  function formula(parent, theme, text, numbers) {
    for (const part of text.match(/[a-z_]+|\d+|[-+*()]/g)) {
      const previous = part.endsWith("_prev");
      const name = part.replace(/_prev$/, "");
      if (name in reading.byName) {
        const colour = theme.roles[reading.byName[name].role];
        if (numbers) element("b", "", parent, numbers(name, previous)).style.color = colour;
        else symbol(parent, name, previous, colour);
      } else {
        parent.append({ "*": numbers ? " × " : " ⊙ ", "+": " + ", "-": " − ", sigmoid: "σ" }[part] ?? part);
      }
    }
  }

  function squashed(line, theme, signal, step, unit) {
    const part = why.parts[`${signal.name}_pre`];
    const [input, recurrent, bias] = [part.input[step], part.recurrent[step], part.bias[step]];
    line.append(` = ${signal.formula.startsWith("sigmoid") ? "σ" : signal.formula.split("(")[0]}( `);
    for (const [value, name] of [[input, "input"], [recurrent, "recurrent"], [bias, "bias"]]) {
      const term = element("span", "term", line, brief(value));
      element("small", "", term, name);
      if (name !== "bias") line.append(" + ");
    }
    line.append(` ) = ${signal.formula.startsWith("sigmoid") ? "σ" : signal.formula.split("(")[0]}( ${brief(input + recurrent + bias)} ) = `);
    const by = part.by[step].map(([other, push]) => `unit ${other} (${push < 0 ? "−" : "+"}${Math.abs(push).toFixed(2)})`);
    line.title = `hardest pushes from h at the step before: ${by.join(", ")}`;
  }

  return {
    explain(next) {
      why = next;
    },
    move(theme, { step, unit }) {
      body.replaceChildren();
      const known = why.unit === unit; // else the parts of this unit are on their way
      for (const signal of reading.signals) {
        const line = element("div", "equation", body);
        symbol(line, signal.name, false, theme.roles[signal.role]);
        const isSquashed = new RegExp(`\\b${signal.name}_pre\\b`).test(signal.formula);
        if (isSquashed && known) squashed(line, theme, signal, step, unit);
        else if (isSquashed) line.append(" = … = ");
        else {
          line.append(" = ");
          formula(line, theme, signal.formula);
          line.append(" = ");
          formula(line, theme, signal.formula, (name, previous) => brief(valueAt(reading, name, previous ? step - 1 : step, unit)));
          line.append(" = ");
        }
        element("b", "result", line, brief(valueAt(reading, signal.name, step, unit))).style.color = theme.roles[signal.role];
      }
    },
  };
}
