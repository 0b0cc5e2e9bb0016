// Vectors on a canvas: each wire is a ribbon of faint stripes, one per unit; in its middle the pinned unit is a pipe in the colour of its
// value. Positions are in pixels.

const FAINT = 0.42;
const WIDTHS = { belt: 1.35, wire: 0.72, pipe: 0.42, plain: 0.28, arrow: 0.75, bead: 0.5 }; // in the size of the type

// A wire's value on its colour scale.
function onScale(reading, wire, value) {
  return wire.scale === "memory" ? scaled(reading, value) : value;
}

function wireColour(theme, reading, wire, value) {
  if (wire.scale === "gate") return gateColour(theme, wire.role, value);
  return signedColour(theme, onScale(reading, wire, value));
}

const COLUMN = 3; // pixels a wire has in the picture of a step, so that its neighbours do not shine through at its edges

// The stripes of all wires at a step: a column each, the units from the top in the reading's order. The latest few are kept.
function makeStripes(reading, wires) {
  const kept = new Map();
  return {
    clear: () => kept.clear(),
    at(theme, step) {
      if (kept.has(step)) return kept.get(step);
      const image = new ImageData(wires.length * COLUMN, reading.units);
      const pixels = new Int32Array(image.data.buffer);
      wires.forEach((wire, k) => {
        if (!wire.value) return;
        const colour = ramp(theme, wire.scale === "gate" ? wire.role : null);
        reading.order.forEach((unit, row) => {
          const start = (row * wires.length + k) * COLUMN;
          pixels.fill(colour(onScale(reading, wire, wire.value(step, unit))), start, start + COLUMN);
        });
      });
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.width, image.height];
      canvas.getContext("2d").putImageData(image, 0, 0);
      kept.set(step, canvas);
      if (kept.size > 8) kept.delete(kept.keys().next().value);
      return canvas;
    },
  };
}

// Leg by leg, turned so that x runs along it; where two legs meet, both end on the diagonal.
function paintRibbon(context, points, half, stripes, column) {
  const legs = points.slice(1).map(([x, y], k) => ({ x: points[k][0], y: points[k][1], dx: x - points[k][0], dy: y - points[k][1] }));
  const turn = (one, next) => (one && next ? Math.sign(one.dx * next.dy - one.dy * next.dx) : 0);
  legs.forEach((leg, k) => {
    const length = Math.hypot(leg.dx, leg.dy);
    const [before, after] = [turn(legs[k - 1], leg) * half, turn(leg, legs[k + 1]) * half];
    context.save();
    context.translate(leg.x, leg.y);
    context.rotate(Math.atan2(leg.dy, leg.dx));
    if (before || after) {
      context.beginPath();
      context.moveTo(-before, -half);
      context.lineTo(length + after, -half);
      context.lineTo(length - after, half);
      context.lineTo(before, half);
      context.clip();
    }
    const [start, end] = [Math.min(0, before, -before), length + Math.abs(after)];
    context.drawImage(stripes, column * COLUMN + 1, 0, 1, stripes.height, start, -half, end - start, 2 * half);
    context.restore();
  });
}

function strokeLine(context, points, width, colour) {
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.beginPath();
  points.forEach(([x, y]) => context.lineTo(x, y));
  context.stroke();
}

// The pinned unit: a casing in the colour of the role, filled with that of the value; hollow where the value is 0.
function paintPipe(context, points, width, casing, fill) {
  if (points.length < 2) return;
  context.lineJoin = "round";
  context.lineCap = "butt";
  strokeLine(context, points, width + 2.5, casing);
  strokeLine(context, points, width, fill);
}

function paintArrow(context, points, back, size, colour) {
  const [[x0, y0], [x1, y1]] = points.slice(-2);
  const length = Math.hypot(x1 - x0, y1 - y0);
  const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
  const [x, y] = [x1 - dx * back, y1 - dy * back];
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - dx * size - dy * size * 0.62, y - dy * size + dx * size * 0.62);
  context.lineTo(x - dx * size + dy * size * 0.62, y - dy * size - dx * size * 0.62);
  context.fill();
}

function paintBead(context, [x, y], radius, casing, fill) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fillStyle = fill;
  context.strokeStyle = casing;
  context.lineWidth = 2.5;
  context.fill();
  context.stroke();
}

function isBelt(wire) {
  return wire.role === "belt" && wire.path.every(([, y]) => y === wire.path[0][1]); // level, as it runs along
}

// A wire filled up to `reach`: new stripes up to there, the old ones beyond.
function paintStripes(context, line, em, wire, column, reach, fresh, stale) {
  const half = em * (isBelt(wire) ? WIDTHS.belt : WIDTHS.wire);
  context.globalAlpha *= FAINT;
  if (stale && reach < line.length) paintRibbon(context, cut(line.points, reach, line.length), half, stale, column);
  if (reach > 0) paintRibbon(context, cut(line.points, 0, reach), half, fresh, column);
}

function paintPinned(context, line, em, casing, reach, fill, oldFill) {
  const flowing = reach < line.length;
  if (flowing && oldFill) {
    const alpha = context.globalAlpha;
    context.globalAlpha = alpha * 0.4;
    paintPipe(context, line.points, em * WIDTHS.pipe, casing, oldFill);
    context.globalAlpha = alpha;
  }
  const done = cut(line.points, 0, reach);
  paintPipe(context, done, em * WIDTHS.pipe, casing, fill);
  if (done.length > 1 && flowing) paintBead(context, done.at(-1), em * WIDTHS.bead, casing, fill);
}

// Around a wire with an edited value: a double dashed line; a dotted one if only other units are edited.
function paintEdited(context, points, em, theme, wire, how) {
  const width = 2 * em * (isBelt(wire) ? WIDTHS.belt : WIDTHS.wire) + em * 0.5;
  context.globalAlpha = 1;
  context.lineJoin = "round";
  context.lineCap = "butt";
  const rails = how === 2 ? [[em * 0.5, [em * 0.55, em * 0.3]], [0, [em * 0.55, em * 0.3]]] : [[0, [em * 0.12, em * 0.4]]];
  for (const [more, dash] of rails) {
    context.setLineDash(dash);
    strokeLine(context, points, width + more + 3, theme.text);
    context.setLineDash([]);
    strokeLine(context, points, width + more, theme.background);
  }
}

// Behind a marked wire: a soft glow, and dashes for users who do not see the colour.
function paintHalo(context, points, em, theme) {
  const width = 2 * em * WIDTHS.wire + em * 0.9;
  context.lineJoin = "round";
  context.lineCap = "butt";
  context.globalAlpha = 1;
  context.setLineDash([em * 0.45, em * 0.4]);
  strokeLine(context, points, width + 3, theme.accent);
  context.setLineDash([]);
  strokeLine(context, points, width, theme.background);
  context.globalAlpha = 0.16;
  strokeLine(context, points, width, theme.accent);
}
