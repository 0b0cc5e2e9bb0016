// Below the tokens: what the network answers at each step. As a row where that is a word or a share, as a line where it is a number.

const ROW = 25;
const HEIGHTS = 74;

function gutterLabel(frame, className, text) {
  const label = element("div", `gutter ${className}`, frame, text);
  label.title = text;
  return label;
}

// Right and wrong are marked where they are known.
function makeAnswers(film, frame, reading) {
  if (!reading.answers) return null;
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
  gutterLabel(frame, "says", name);
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

// The numbers that are read, as a line, and the network's own on the same axis; a forecast stands where it is about.
function makeHeights(film, frame, reading) {
  const { name, values, ahead } = reading.answers;
  const row = element("canvas", "heights", film);
  row.setAttribute("role", "img");
  row.setAttribute("aria-label", `The numbers read, and ${name} as the network gives it`);
  const read = gutterLabel(frame, "read", "read");
  const said = gutterLabel(frame, "said", name);
  const all = [...reading.inputs, ...values].filter(Number.isFinite);
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
      line(reading.inputs, 0, theme.roles.input, [], 2);
      line(values, ahead, theme.accent, [5, 4], 2.5);
      context.setLineDash([]);
      read.style.color = theme.roles.input;
      said.style.color = theme.accent;
    },
    until: (step, width) => (row.style.clipPath = `inset(0 ${(reading.steps - step) * width}px 0 0)`),
  };
}
