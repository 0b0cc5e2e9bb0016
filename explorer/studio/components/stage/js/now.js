// The centre of the page: at this step, every signal of all units as a row of cells, and the pinned unit's number.

function makeNow(root, reading, go) {
  const panel = element("section", "now", root);
  panel.setAttribute("aria-label", "All units at this step");
  const head = element("h2", "", panel);
  const rows = reading.signals.map((signal) => {
    const row = element("div", "signal", panel);
    row.title = `${signal.label}: ${signal.hint}`;
    const name = element("div", "signal-name", row);
    const says = element("b", "", name, signal.says);
    const small = element("span", "signal-label", name);
    const cells = element("canvas", "cells", row);
    const number = element("output", "number", row);
    number.dataset.testid = `stage-value-${signal.name}`;
    const unitAt = (event) => {
      const box = cells.getBoundingClientRect();
      const place = Math.floor(((event.clientX - box.left) / box.width) * reading.units);
      return reading.order[Math.max(0, Math.min(reading.units - 1, place))];
    };
    cells.onpointermove = (event) => {
      const unit = unitAt(event);
      cells.title = `unit ${unit}: ${signal.name} = ${exact(valueAt(reading, signal.name, view.step, unit))} (click to pin)`;
    };
    cells.onclick = (event) => go({ unit: unitAt(event) });
    return { signal, says, small, cells, number };
  });
  element("p", "hint", panel, `Each row: all ${reading.units} units, ${reading.ordered}. The marked one is pinned; click another to pin it.`);
  const view = { step: 0 };

  return {
    fit(theme) {
      for (const { signal, says, small } of rows) {
        says.style.color = theme.roles[signal.role];
        small.replaceChildren();
        small.append(signal.label === signal.says ? "" : `${signal.label.replace(signal.says, "").trim()} `);
        symbol(small, signal.name, false, theme.roles[signal.role]);
      }
    },
    move(theme, { step, unit }) {
      view.step = step;
      head.replaceChildren("It reads ");
      element("span", "glyph", head, reading.shown[step]);
      if (reading.generated !== null && step >= reading.generated) head.append(", which it wrote itself");
      for (const { signal, cells, number } of rows) {
        const width = cells.parentElement.clientWidth ? cells.clientWidth || 300 : 300;
        const [top, height] = [9, 22];
        const context = sharp(cells, width, top + height + 2);
        cells.style.width = "100%";
        const cell = width / reading.units;
        reading.order.forEach((which, place) => {
          const value = signal.values[step * reading.units + which];
          context.fillStyle = signalColour(theme, reading, signal, value);
          context.fillRect(place * cell, top, cell + 0.5, height);
        });
        context.strokeStyle = theme.grid;
        context.strokeRect(0.5, top + 0.5, width - 1, height - 1);
        const at = reading.order.indexOf(unit);
        context.strokeStyle = theme.text;
        context.lineWidth = 2;
        context.strokeRect(at * cell - 1, top - 1, cell + 2, height + 2);
        context.fillStyle = theme.text;
        context.beginPath();
        context.moveTo((at + 0.5) * cell - 6, 0);
        context.lineTo((at + 0.5) * cell + 6, 0);
        context.lineTo((at + 0.5) * cell, 7);
        context.fill();
        const value = signal.values[step * reading.units + unit];
        number.textContent = exact(value);
        number.style.color = theme.roles[signal.role];
        number.style.borderColor = theme.roles[signal.role];
      }
    },
  };
}
