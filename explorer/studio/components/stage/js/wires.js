// The flow along the wires: quantities, times and lines.

// The wires of all phases with their quantity, value(step, unit), and the time [from, until] in which they fill, in a flow from 0 to 1.
function wiresOf(reading) {
  const { phases } = reading.diagram;
  return phases.flatMap(({ wires }, phase) => {
    const turns = turnsOf(wires);
    const share = 1 / (phases.length * (Math.max(...turns) + 1));
    return wires.map((wire, k) => {
      const from = phase / phases.length + turns[k] * share;
      const timed = { ...wire, from, until: from + share, value: null };
      if (!wire.scale) return timed;
      const compute = compile(wire.carries);
      return { ...timed, value: (step, unit) => compute((name) => named(reading, name, step, unit)) };
    });
  });
}

// Within a phase a wire waits for the wires that end at its start, and for the one it branches off.
function turnsOf(wires) {
  const turns = [];
  wires.forEach((wire, k) => {
    const earlier = wires.slice(0, k).map((other, n) => (feeds(other, wire) ? turns[n] + 1 : 0));
    turns.push(Math.max(0, ...earlier));
  });
  return turns;
}

function feeds(one, next) {
  if (next.ends[0]) return one.ends[1] === next.ends[0];
  const [x, y] = next.path[0];
  const between = (a, b, value) => Math.min(a, b) <= value && value <= Math.max(a, b);
  const onLeg = ([x0, y0], [x1, y1]) => between(x0, x1, x) && between(y0, y1, y);
  return one.path.slice(1).some((corner, k) => onLeg(one.path[k], corner));
}

// The part of a line between two lengths along it.
function cut(points, from, to) {
  const part = [];
  let gone = 0;
  for (let k = 0; k + 1 < points.length; k++) {
    const [[x0, y0], [x1, y1]] = [points[k], points[k + 1]];
    const length = Math.hypot(x1 - x0, y1 - y0);
    const at = (share) => [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share];
    const [start, end] = [(from - gone) / length, (to - gone) / length];
    if (end > 0 && start < 1) {
      if (!part.length) part.push(at(Math.max(0, start)));
      part.push(at(Math.min(1, end)));
    }
    gone += length;
  }
  return part;
}

function lengthOf(points) {
  return points.slice(1).reduce((sum, [x, y], k) => sum + Math.hypot(x - points[k][0], y - points[k][1]), 0);
}
