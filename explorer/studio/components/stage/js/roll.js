// The roll: every signal over the whole text as a heatmap on the same grid of tokens as the strip, with the playhead through all.

const ROLL = { whole: 48, telling: 7, least: 20 }; // pixels: of all units together, of one that is shown alone

function makeRoll(root, reading, modes, { go, settings }) {
  const panel = element("section", "roll", root);
  panel.setAttribute("aria-label", "All signals over the text");
  const head = element("div", "roll-head", panel);
  element("h2", "", head, "Every unit, every step");
  const choice = element("span", "choice", head);
  const hint = element("p", "hint", panel);
  const frame = element("div", "film-frame roll-frame", panel);
  const scroller = element("div", "film-scroll", frame);
  scroller.tabIndex = 0; // so that a keyboard can scroll it
  scroller.setAttribute("role", "group");
  scroller.setAttribute("aria-label", "Heatmaps over the text");
  const film = element("div", "film", scroller);
  const playhead = element("div", "playhead", film);
  const warm = element("div", "warm-up", film);
  const cover = element("div", "cover", film);
  const mark = element("div", "mark", film);
  const bubble = element("div", "bubble", frame);
  bubble.hidden = true;
  // The memory first, then what it shows, then the gates in the order of the story.
  const rank = (signal) => (signal.name === reading.memory ? 0 : signal.role === "hidden" ? 1 : 2);
  const signals = [...reading.signals].sort((one, other) => rank(one) - rank(other));
  const lanes = signals.map((signal) => {
    const lane = element("canvas", "lane", film);
    lane.setAttribute("role", "img");
    lane.setAttribute("aria-label", `${signal.label} of every unit over the text`);
    lane.dataset.testid = `stage-roll-${signal.name}`;
    const marks = reading.edits ? element("canvas", "lane-edits", film) : null; // above the picture: edited values
    marks?.setAttribute("aria-hidden", "true");
    const name = element("div", "lane-name", frame);
    name.title = `${signal.label}: ${signal.hint}`;
    return { signal, lane, name, marks };
  });
  let width = 20;
  let units = reading.order;
  let place = { step: 0, unit: 0 };

  const few = reading.units > 16;
  for (const [label, kind] of few ? [[`all ${reading.units} units`, "all"], [`the ${reading.telling.length} that vary most`, "telling"]] : []) {
    const button = element("button", "", choice, label);
    button.type = "button";
    button.dataset.kind = kind;
    button.onclick = () => settings({ roll: kind === "telling" });
  }

  const height = () => (units.length > 16 ? ROLL.whole : Math.max(ROLL.least, ROLL.telling * units.length));
  const placeOf = (event, lane) => {
    const box = lane.getBoundingClientRect();
    const step = Math.max(0, Math.min(reading.steps - 1, Math.floor((event.clientX - box.left) / width)));
    const row = Math.max(0, Math.min(units.length - 1, Math.floor(((event.clientY - box.top) / box.height) * units.length)));
    return { step, unit: units[row] };
  };
  for (const { signal, lane } of lanes) {
    lane.onclick = (event) => go(placeOf(event, lane));
    lane.onpointermove = (event) => {
      const { step, unit } = placeOf(event, lane);
      bubble.hidden = false;
      bubble.textContent = `${reading.names[step]} (step ${step + 1}), unit ${unit}: ${signal.letter} = ${exact(valueAt(reading, signal.name, step, unit))}${setInRoll(reading, signal.name, step, unit)}`;
      const box = frame.getBoundingClientRect();
      const x = Math.min(event.clientX - box.left + 12, box.width - bubble.offsetWidth);
      bubble.style.transform = `translate(${Math.max(0, x)}px, ${event.clientY - box.top + 16}px)`;
    };
    lane.onpointerleave = () => (bubble.hidden = true);
  }

  // One pixel row per unit, or the mean of the units that share a row.
  function paint(theme) {
    const high = height();
    const rows = Math.min(units.length, high);
    for (const { signal, lane, name, marks } of lanes) {
      [lane.width, lane.height] = [reading.steps, rows];
      lane.style.width = `${width * reading.steps}px`;
      lane.style.height = `${high}px`;
      lane.getContext("2d").putImageData(heatmap(theme, signal, rows), 0, 0);
      name.replaceChildren();
      symbol(name, signal.letter, false, theme.roles[signal.role]);
      name.style.top = `${lane.offsetTop + high / 2}px`;
      if (marks) paintSet(marks, lane, theme, reading, signal.name, units, width, high);
    }
    playhead.style.height = cover.style.height = `${film.clientHeight}px`;
  }

  function heatmap(theme, signal, rows) {
    const image = new ImageData(reading.steps, rows);
    const pixels = new Int32Array(image.data.buffer);
    const colour = ramp(theme, signal.kind === "gate" ? signal.role : null);
    const own = signal.name === reading.memory ? (value) => scaled(reading, value) : (value) => value;
    for (let row = 0; row < rows; row++) {
      const sharing = units.slice(Math.floor((row / rows) * units.length), Math.floor(((row + 1) / rows) * units.length));
      for (let step = 0; step < reading.steps; step++) {
        const sum = sharing.reduce((total, unit) => total + own(signal.values[step * reading.units + unit]), 0);
        pixels[row * reading.steps + step] = colour(sum / sharing.length);
      }
    }
    return image;
  }

  function markUnit() {
    const row = units.indexOf(place.unit);
    mark.hidden = row < 0;
    const high = height();
    mark.replaceChildren();
    for (const { lane } of lanes) element("i", "", mark).style.top = `${lane.offsetTop + ((row + 0.5) / units.length) * high}px`;
  }

  return {
    scroller,
    fit(theme, unit, cell) {
      width = cell;
      units = few && modes.roll ? reading.telling : reading.order;
      for (const button of choice.children) button.setAttribute("aria-pressed", String((button.dataset.kind === "telling") === modes.roll));
      const told = signals.map(({ name, says }) => `${name} ${says}`).join(", ");
      const colours = "Orange is above 0, purple below; gates go from blank at 0 to full at 1. ▸ marks the pinned unit." + (reading.edits ? " Dashed: within the outline something is set by an edit." : "");
      hint.textContent =
        units === reading.order
          ? `Rows are units, ${reading.ordered} at the top${few ? ", the mean of those that share a row of pixels" : ""}. Point to read a number, click to pin. ${told}. ${colours}`
          : `${reading.chosen}. ${told}. ${colours}`;
      film.style.width = `${width * reading.steps}px`;
      film.style.setProperty("--cell", `${width}px`);
      warm.style.width = `${width * reading.warm}px`;
      paint(theme);
      this.pin(theme, unit);
    },
    pin(theme, unit) {
      place = { ...place, unit };
      markUnit();
    },
    move(theme, next) {
      if (next.unit !== place.unit) this.pin(theme, next.unit);
      place = next;
      playhead.style.transform = `translateX(${(next.step + 0.5) * width}px)`;
      cover.style.left = `${(next.step + 1) * width}px`;
    },
    covered(on) {
      cover.hidden = !on;
    },
  };
}

const BAND = 6; // pixels: a row of fewer could not be outlined

// Dashed double outlines of edited values: the cells of a signal, or only a step's left edge if the state was edited as it entered.
function paintSet(canvas, lane, theme, reading, name, units, width, high) {
  const context = sharp(canvas, width * reading.steps, high);
  canvas.style.top = `${lane.offsetTop}px`;
  const bands = Math.min(units.length, Math.max(1, Math.floor(high / BAND)));
  const share = high / bands;
  const within = Array.from({ length: bands }, (_, band) => units.filter((_, row) => Math.floor((row / units.length) * bands) === band));
  const has = (names) => (step, band) =>
    step >= 0 && step < reading.steps && band >= 0 && band < bands && names.some((one) => within[band].some((unit) => edited(reading, one, step, unit) === 2));
  const [inside, entering] = [has([name, `${name}_pre`]), has([`${name}_prev`])];
  const path = new Path2D();
  const line = (x0, y0, x1, y1) => {
    path.moveTo(x0, y0);
    path.lineTo(x1, y1);
  };
  for (let step = 0; step < reading.steps; step++) {
    for (let band = 0; band < bands; band++) {
      const [left, right, top, bottom] = [step * width, (step + 1) * width, band * share, (band + 1) * share];
      const here = inside(step, band);
      if (here !== inside(step - 1, band) || entering(step, band)) line(left, top, left, bottom);
      if (here && step === reading.steps - 1) line(right, top, right, bottom);
      if (here !== inside(step, band - 1)) line(left, top, right, top);
      if (here && band === bands - 1) line(left, bottom, right, bottom);
    }
  }
  context.lineWidth = 4;
  context.strokeStyle = theme.background;
  context.stroke(path);
  context.lineWidth = 2;
  context.strokeStyle = theme.text;
  context.setLineDash([4, 3]);
  context.stroke(path);
}

function setInRoll(reading, name, step, unit) {
  const names = [name, `${name}_pre`, `${name}_prev`].filter((one) => edited(reading, one, step, unit) === 2);
  return names.map((one) => `, edited: ${saysEdit(reading, one, step, unit)}`).join("");
}
