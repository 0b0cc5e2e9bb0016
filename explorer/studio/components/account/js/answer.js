// Contributions to a score: a bar for each token, and the line of their sum.

const ANSWER = { high: 240, foot: 10 };

function makeAnswer(root, given, values) {
  const parts = values; // the initial state, then one value per step
  const rows = parts.length;
  const running = Float64Array.from({ length: rows }, () => 0);
  parts.reduce((whole, part, row) => (running[row] = whole + part), 0);
  const total = running[rows - 1] + given.bias;
  const picture = element("div", "picture", root);
  const canvas = element("canvas", "drawn", picture);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Bars of what each token contributes to ${given.what} at step ${given.step + 1}, and the line of their sum; the table beside has the numbers`);
  canvas.dataset.testid = "account-picture";
  const told = element("p", "told", picture);
  element("p", "key", picture, given.key);
  const text = makeText(picture, given);
  const side = element("div", "side", root);
  const table = makeTable(side, ["token", "contributes", "sum so far"]);
  const most = parts.reduce((size, part) => (Number.isFinite(part) ? Math.max(size, Math.abs(part)) : size), 0) || 1;
  let theme, axis;

  const isRead = (step) => step < rows - 1;
  const ground = (step) => signedColour(theme, isRead(step) ? parts[step + 1] / most : 0);
  const nameOf = (row) => (row === 0 ? "before the text" : `${given.names[row - 1]} (step ${row})`);

  function paint() {
    const width = Math.max(120, picture.clientWidth);
    axis = makeAxis(given, width);
    const context = sharp(canvas, width, ANSWER.high + axis.high + ANSWER.foot);
    const seen = [0, total, ...parts, ...running].filter(Number.isFinite);
    const [low, high] = [Math.min(...seen), Math.max(...seen)];
    const y = (value) => 6 + ((high - value) / (high - low || 1)) * (ANSWER.high - 12);
    context.fillStyle = theme.grid;
    context.fillRect(0, y(0), width, 1);
    const thin = Math.max(1, axis.cell * 0.72);
    parts.forEach((part, row) => {
      const finite = Number.isFinite(part);
      context.fillStyle = finite ? (part < 0 ? theme.below : theme.above)[1] : theme.missing;
      context.fillRect(axis.middle(row - 1) - thin / 2, finite ? y(0) : y(0) - 4, thin, finite ? y(part) - y(0) : 8);
    });
    line(context, y);
    paintTokens(context, axis, given, theme, ANSWER.high, ground, isRead);
  }

  // The sum so far, a stair; at its end the bias, dashed, and a dot at the score.
  function line(context, y) {
    context.strokeStyle = theme.text;
    context.lineWidth = 1.5;
    context.beginPath();
    running.forEach((value, row) => {
      if (!Number.isFinite(value)) return;
      const left = axis.left(row - 1);
      if (row) context.lineTo(left, y(value));
      else context.moveTo(left, y(value));
      context.lineTo(left + axis.cell, y(value));
    });
    context.stroke();
    if (!Number.isFinite(total)) return;
    const end = axis.left(given.step) + axis.cell;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(end, y(running[rows - 1]));
    context.lineTo(end, y(total));
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = theme.text;
    context.beginPath();
    context.arc(Math.min(end, axis.cell * (given.shown.length + 1) - 5), y(total), 4.5, 0, 2 * Math.PI);
    context.fill();
  }

  function tell() {
    const order = bySize(parts);
    const rest = order.slice(ROWS);
    const more = rest.reduce((whole, row) => whole + parts[row], 0);
    table.show(
      [
        ...order.slice(0, ROWS).map((row) => [nameOf(row), signed(parts[row]), signed(running[row])]),
        ...(rest.length ? [[`the other ${rest.length} together`, signed(more), ""]] : []),
        ["bias", signed(given.bias), signed(total)],
      ],
      `Step ${given.step + 1} (${given.names[given.step]}): what each token contributes to ${given.what}, the largest first`,
    );
  }

  function point(event) {
    const row = axis.stepAt(event.clientX - canvas.getBoundingClientRect().left) + 1;
    told.textContent = row >= rows ? `${nameOf(row)} is still to be read` : `${nameOf(row)}: contributes ${signed(parts[row])}; sum so far ${signed(running[row])}`;
  }
  canvas.onpointermove = point;
  canvas.onpointerdown = point;
  canvas.onpointerleave = () => (told.textContent = "");

  return {
    fit(next) {
      theme = next;
      paint();
      text.paint(ground, isRead);
      tell();
      Object.assign(root.dataset, { step: given.step, painted: given.shown.join("") });
    },
    // The server recomputes it when the playhead rests; until then the account of the old step is shown as outdated.
    move(place) {
      root.classList.toggle("waiting", place.step !== given.step);
    },
  };
}
