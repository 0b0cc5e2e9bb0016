// One axis for the account: a place for the state before the text, and one for each token, in the order in which they stand.

const LETTER = 7.5; // pixels that a letter needs side by side
const UPRIGHT = { least: 11, letter: 8, most: 14 }; // a column's width, a letter's height, letters of a word that stands on end

function makeAxis({ shown, reversed }, width) {
  const places = shown.length + 1;
  const cell = width / places;
  const longest = Math.max(...shown.map((token) => [...token].length));
  const flat = cell >= LETTER * longest * 0.62;
  const upright = !flat && cell >= UPRIGHT.least;
  const place = (step) => (step < 0 ? (reversed ? places - 1 : 0) : reversed ? step : step + 1);
  return {
    cell,
    flat,
    upright,
    high: flat ? 22 : upright ? Math.min(UPRIGHT.most, longest) * UPRIGHT.letter + 6 : 8, // of the row of tokens
    size: flat ? Math.min(16, (cell / longest) * 1.6) : 12.5,
    left: (step) => place(step) * cell,
    middle: (step) => (place(step) + 0.5) * cell,
    // The step under a pointer: -1 is the state before the text.
    stepAt(x) {
      const at = Math.max(0, Math.min(places - 1, Math.floor(x / cell)));
      if (at === place(-1)) return -1;
      return reversed ? at : at - 1;
    },
  };
}

// The tokens on coloured backgrounds; unread ones are muted, and the warm-up is grey, as on the stage.
function paintTokens(context, axis, { shown, first, warm }, theme, y, groundOf, isRead) {
  context.textAlign = "center";
  context.textBaseline = "middle";
  const font = (size) => `${size}px "Source Code Pro", ui-monospace, monospace`;
  for (let step = -1; step < shown.length; step++) {
    const ground = groundOf(step);
    context.fillStyle = ground;
    context.fillRect(axis.left(step), y, Math.max(1, axis.cell - (axis.cell > 6 ? 1 : 0)), axis.high);
    if (!axis.flat && !axis.upright) continue;
    const letters = step < 0 ? first : shown[step];
    context.font = font(step < 0 && !axis.upright ? Math.min(axis.size, (axis.cell / 2) * 1.6) : axis.size);
    context.fillStyle = isRead(step) ? readableOn(ground) : theme.muted;
    context.save();
    context.translate(axis.middle(step), y + axis.high / 2);
    if (axis.upright) context.rotate(-Math.PI / 2);
    context.fillText(axis.upright ? [...letters].slice(0, UPRIGHT.most).join("") : letters, 0, 0.5);
    context.restore();
  }
  context.fillStyle = theme.background;
  context.globalAlpha = 0.55;
  context.fillRect(axis.left(0), y, warm * axis.cell, axis.high);
  context.globalAlpha = 1;
}
