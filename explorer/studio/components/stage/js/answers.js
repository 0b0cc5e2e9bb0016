// The network's answer at each step, below the tokens: words and shares as a row, numbers as a line.
// Input and answer are independent: a network may read numbers and answer words, and the reverse.

const ROW = 25;
const HEIGHTS = 74;

function gutterLabel(frame, className, text) {
  const label = element("div", `gutter ${className}`, frame, text);
  label.title = text;
  return label;
}

// The rows that this reading needs, lines of numbers above words; `height` is that of all together.
function makeRows(film, frame, reading) {
  const rows = [];
  if (reading.inputs || reading.answers?.values) rows.push(makeHeights(film, frame, reading));
  if (reading.answers?.says) rows.push(makeAnswers(film, frame, reading, rows.length * HEIGHTS));
  return {
    surfaces: rows.map(({ row }) => row),
    height: rows.reduce((sum, { height }) => sum + height, 0),
    fit: (theme, width) => rows.forEach((row) => row.fit(theme, width)),
    until: (step, width) => rows.forEach((row) => row.until(step, width)),
  };
}

// Right and wrong answers are marked where known. `top` is the height of the rows above.
function makeAnswers(film, frame, reading, top) {
  const { name, says, colours, right } = reading.answers;
  const row = element("div", "answers", film);
  row.setAttribute("role", "list");
  const cells = says.map((word, step) => {
    const cell = element("span", "answer", row, word);
    cell.setAttribute("role", "listitem");
    const verdict = right?.[step] === true ? ", right" : right?.[step] === false ? ", wrong" : "";
    cell.title = `${name} after step ${step + 1}: ${word}${verdict}`;
    cell.classList.toggle("wrong", right?.[step] === false);
    cell.classList.toggle("unasked", right?.[step] === null);
    return cell;
  });
  gutterLabel(frame, "says", name).style.top = `${40 + top}px`;
  return {
    row,
    height: ROW,
    fit(theme) {
      cells.forEach((cell, step) => {
        if (!colours) return;
        const colour = signedColour(theme, colours[step]);
        cell.style.background = colour;
        cell.style.color = readableOn(colour);
      });
    },
    until: (step) => cells.forEach((cell, k) => (cell.style.visibility = k < step ? "" : "hidden")),
  };
}

// The input numbers as a line, and the network's on the same axis; either may be missing. A forecast is drawn at the step it predicts.
function makeHeights(film, frame, reading) {
  const read = reading.inputs ?? [];
  const { name = "", values = [], ahead = 0 } = reading.answers ?? {};
  const row = element("canvas", "heights", film);
  row.setAttribute("role", "img");
  const drawn = [read.length && "the numbers read", values.length && `${name} as the network gives it`].filter(Boolean).join(", and ");
  row.setAttribute("aria-label", drawn[0].toUpperCase() + drawn.slice(1));
  const labels = [
    read.length && { label: gutterLabel(frame, "read", "read"), colour: (theme) => theme.roles.input },
    values.length && { label: gutterLabel(frame, read.length ? "said" : "read", name), colour: (theme) => theme.accent },
  ].filter(Boolean);
  const all = [...read, ...values].filter(Number.isFinite);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const y = (value) => 6 + (1 - (value - low) / (high - low || 1)) * (HEIGHTS - 12);
  return {
    row,
    height: HEIGHTS,
    fit(theme, width) {
      const context = sharp(row, width * reading.steps, HEIGHTS);
      const line = (numbers, shift, colour, dash, thickness) => {
        context.strokeStyle = colour;
        context.lineWidth = thickness;
        context.setLineDash(dash);
        context.beginPath();
        numbers.forEach((value, step) => Number.isFinite(value) && context.lineTo((step + shift + 0.5) * width, y(value)));
        context.stroke();
      };
      line(read, 0, theme.roles.input, [], 2);
      line(values, ahead, theme.accent, [5, 4], 2.5);
      context.setLineDash([]);
      for (const { label, colour } of labels) label.style.color = colour(theme);
    },
    until: (step, width) => (row.style.clipPath = `inset(0 ${(reading.steps - step) * width}px 0 0)`),
  };
}
