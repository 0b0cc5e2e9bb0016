// Authors of the belt: s_T = s_0 Π keep + Σ_j write_j Π_{k>j} keep_k, for the step at the playhead, while it is moved.

const ARCS = { one: 96, all: 128, thick: [6, 15], thin: 0.7, own: 24 }; // pixels: a lane's height, the thickest by the room there is, the thinnest; of what is just written
const LEAST = 0.005; // share of the scale below which nothing is drawn
const BARS = 84;
const OUTLINED = 3; // pixels; a narrower bar has a background instead of an outline

function makeBelt(root, given, values) {
  const { steps, units, reversed } = given;
  const [initial, keep, written, belt] = [0, units, units + steps * units, units + 2 * steps * units].map((from, k) =>
    values.subarray(from, from + (k ? steps * units : units)),
  );
  const all = given.whose === "all";
  const picture = element("div", "picture", root);
  const canvas = element("canvas", "drawn", picture);
  canvas.setAttribute("role", "img");
  canvas.dataset.testid = "account-picture";
  const told = element("p", "told", picture);
  element("p", "key", picture, given.key);
  const text = makeText(picture, given);
  const side = element("div", "side", root);
  const sum = element("p", "sum", side);
  sum.dataset.testid = "account-sum";
  const table = makeTable(side, ["token", "wrote", "is left", "contributes now"]);
  let theme, axis, place, account, scale;

  const stepOf = (row) => (row === 0 ? -1 : reversed ? steps - row : row - 1);
  const rowOf = (step) => (step < 0 ? 0 : reversed ? steps - step : step + 1);
  const isRead = (step) => rowOf(step) < account.now.length;

  // One unit in reading order, the initial state first: the write, the share of it that is left, and its present value.
  function ofUnit(unit, rows) {
    const found = { wrote: new Float64Array(rows), share: new Float64Array(rows), now: new Float64Array(rows) };
    let left = 1;
    for (let row = rows - 1; row >= 0; row--) {
      found.wrote[row] = row ? written[stepOf(row) * units + unit] : initial[unit];
      found.share[row] = left;
      found.now[row] = found.wrote[row] * left;
      if (row) left *= keep[stepOf(row) * units + unit];
    }
    return found;
  }

  // All units: absolute values, summed over units.
  function ofAll(rows) {
    const found = { wrote: new Float64Array(rows), share: new Float64Array(rows), now: new Float64Array(rows) };
    const left = new Float64Array(units).fill(1);
    for (let row = rows - 1; row >= 0; row--) {
      const from = row ? stepOf(row) * units : 0;
      for (let unit = 0; unit < units; unit++) {
        const size = Math.abs(row ? written[from + unit] : initial[unit]);
        found.wrote[row] += size;
        found.now[row] += size * Math.abs(left[unit]);
        if (row) left[unit] *= keep[from + unit];
      }
      found.share[row] = found.wrote[row] ? found.now[row] / found.wrote[row] : NaN;
    }
    return found;
  }

  // The largest write in the whole text, so that fading is visible; more if a value has grown since.
  function largest() {
    const born = (all ? ofAll(steps + 1) : ofUnit(place.unit, steps + 1)).wrote;
    return [...born, ...account.now].reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0) || 1;
  }

  function carried() {
    if (!all) return belt[place.step * units + place.unit];
    let size = 0;
    for (let unit = 0; unit < units; unit++) size += Math.abs(belt[place.step * units + unit]);
    return size;
  }

  const colour = (value) => (Number.isFinite(value) ? (all ? theme.roles.belt : (value < 0 ? theme.below : theme.above)[1]) : theme.missing);
  const ground = (step) => {
    const value = isRead(step) ? account.now[rowOf(step)] : 0;
    if (!all || !Number.isFinite(value)) return signedColour(theme, value / scale);
    return mix(theme.background, theme.roles.belt, Math.min(1, value / scale));
  };

  function paint() {
    const width = Math.max(120, picture.clientWidth);
    axis = makeAxis(given, width);
    const [above, below] = all ? [ARCS.all, 6] : [ARCS.one, ARCS.one];
    const context = sharp(canvas, width, above + axis.high + below + BARS + 6);
    arcs(context, above, above + axis.high);
    paintTokens(context, axis, given, theme, above, ground, isRead);
    bars(context, above + axis.high + below, all ? BARS : BARS / 2);
    context.fillStyle = theme.text;
    context.globalAlpha = 0.45;
    context.fillRect(axis.middle(place.step) - 0.75, above + axis.high, 1.5, below + BARS);
    context.globalAlpha = 1;
  }

  // An arc from each token to the playhead; the largest first, so that none hides a smaller one.
  function arcs(context, above, below) {
    const to = axis.middle(place.step);
    const thickest = Math.max(ARCS.thick[0], Math.min(ARCS.thick[1], axis.cell));
    const thin = Math.min(ARCS.thin, axis.cell * 0.06); // many hairlines side by side would look like a large value
    for (const row of bySize(account.now)) {
      const value = account.now[row];
      const thick = (Math.abs(value) / scale) * thickest;
      if (Math.abs(value) < LEAST * scale) continue;
      const [from, up] = [axis.middle(stepOf(row)), !(value < 0)];
      const [base, room] = up ? [above, above] : [below, ARCS.one];
      const far = Math.abs(to - from);
      const high = (up ? -1 : 1) * (row === account.now.length - 1 ? ARCS.own : Math.min((room - thickest / 2) / 0.75, 20 + 0.5 * far));
      context.strokeStyle = colour(value);
      context.lineWidth = Number.isFinite(value) ? Math.max(thin, thick) : 2;
      context.globalAlpha = 0.82 * (thick < thin ? 0.35 + (0.65 * thick) / thin : 1); // a hairline fades instead
      context.beginPath();
      context.moveTo(from, base);
      if (row === account.now.length - 1) context.lineTo(to, base + high);
      else context.bezierCurveTo(from, base + high, to, base + high, to, base);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  // An outline for what each token wrote, filled as far as it is left.
  function bars(context, top, room) {
    const zero = top + room;
    const thin = Math.max(1, axis.cell * 0.72);
    context.lineWidth = 1;
    context.fillStyle = theme.grid;
    context.fillRect(0, zero, axis.cell * (steps + 1), 1);
    account.now.forEach((now, row) => {
      const left = axis.middle(stepOf(row)) - thin / 2;
      const high = (value) => -(value / scale) * (room - 2);
      const wrote = account.wrote[row];
      if (!Number.isFinite(now) || !Number.isFinite(wrote)) {
        context.fillStyle = theme.missing;
        context.fillRect(left, zero - 4, thin, 8);
        return;
      }
      if (thin < OUTLINED) {
        context.fillStyle = theme.grid;
        context.fillRect(left, zero, thin, high(wrote));
      }
      context.fillStyle = colour(now);
      context.fillRect(left, zero, thin, high(now));
      if (thin < OUTLINED) return;
      context.strokeStyle = theme.muted;
      context.globalAlpha = 0.75;
      context.strokeRect(left, zero, thin, high(wrote));
      context.globalAlpha = 1;
    });
  }

  function nameOf(row) {
    return row === 0 ? "before the text" : `${given.names[stepOf(row)]} (step ${stepOf(row) + 1})`;
  }

  const number = (value) => (all ? exact(value).replace("e-", "e−") : signed(value));

  function tell() {
    const { wrote, share, now } = account;
    const order = bySize(now);
    const line = (row) => [nameOf(row), number(wrote[row]), shareOf(share[row]), number(now[row])];
    const rest = order.slice(ROWS);
    const more = rest.reduce((whole, row) => whole + now[row], 0);
    const whose = all ? `all ${units} units` : `unit ${place.unit}`;
    table.show(
      [...order.slice(0, ROWS).map(line), ...(rest.length ? [[`the other ${rest.length} together`, "", "", number(more)]] : [])],
      `Step ${place.step + 1} (${given.names[place.step]}), ${whose}: what each token wrote, the largest that is left first`,
    );
    const whole = now.reduce((a, b) => a + b, 0);
    sum.replaceChildren();
    const add = (words, value) => {
      sum.append(words);
      element("b", "", sum, value);
    };
    if (all) {
      add("Sizes of all contributions together ", exact(whole));
      add(`, of the belt ${given.letter} itself `, exact(carried()));
      sum.append(": the difference is what contributions of opposite signs take from each other within a unit.");
    } else {
      add(`Sum of ${now.length} contributions `, signed(whole));
      add(` = belt ${given.letter} `, signed(carried()));
      add("; difference ", Number.isFinite(whole - carried()) ? readable(Math.abs(whole - carried()), 2) : "NaN");
    }
  }

  function point(event) {
    const step = axis.stepAt(event.clientX - canvas.getBoundingClientRect().left);
    const row = rowOf(step);
    if (row >= account.now.length) told.textContent = `${nameOf(row)} is still to be read`;
    else told.textContent = `${nameOf(row)}: wrote ${number(account.wrote[row])}, ${shareOf(account.share[row])} of it is left, contributes ${number(account.now[row])} now`;
  }
  canvas.onpointermove = point;
  canvas.onpointerdown = point;
  canvas.onpointerleave = () => (told.textContent = "");

  function fit(next) {
    theme = next;
    if (account) paint();
  }

  return {
    fit,
    move(next) {
      const again = !all && next.unit !== place?.unit;
      place = next;
      account = all ? ofAll(rowOf(place.step) + 1) : ofUnit(place.unit, rowOf(place.step) + 1);
      if (again || scale === undefined) scale = largest();
      canvas.setAttribute("aria-label", `Arcs from each token to step ${place.step + 1}, as thick as what is left of what it wrote; the table beside has the numbers`);
      paint();
      text.paint(ground, isRead);
      tell();
      Object.assign(root.dataset, { step: place.step, unit: place.unit, painted: given.shown.join("") });
    },
  };
}
