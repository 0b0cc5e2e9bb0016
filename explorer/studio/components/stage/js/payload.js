// A reading and its arithmetic, as they come from the server (see payload.py, arithmetic.py).

function unpackReading(bytes) {
  const { header: reading, values } = unpack(bytes);
  const size = reading.steps * reading.units;
  reading.signals.forEach((signal, index) => {
    signal.values = values.subarray(index * size, (index + 1) * size);
  });
  unpackEdits(reading, values);
  reading.byName = Object.fromEntries(reading.signals.map((signal) => [signal.name, signal]));
  reading.bytes = bytes; // a saved page takes them along
  return reading;
}

// Of each unit that was sent: what pushed each pre-activation at each step (see arithmetic.py).
function unpackArithmetic(bytes) {
  const { header, values } = unpack(bytes);
  const { units, parts, columns, pushers, others } = header;
  const more = parts.reduce((sum, part) => sum + others[part].length, 0);
  const steps = values.length / (units.length * (parts.length * (columns + 2 + 2 * pushers) + more));
  let at = 0;
  const take = (width) => values.subarray(at, (at += steps * width));
  const of = {};
  for (const unit of units) {
    of[unit] = {};
    for (const part of parts) {
      of[unit][part] = { inputs: take(columns), recurrent: take(1), bias: take(1), pushes: take(pushers), by: take(pushers) };
      of[unit][part].others = others[part].map((label) => ({ label, values: take(1) }));
      of[unit][part].whose = header.of[part];
    }
  }
  return { id: header.id, units, columns, pushers, of, bytes };
}

// The value of a signal at a step for a unit; before the first step a state is 0, as a reading here begins.
function valueAt(reading, name, step, unit) {
  return step < 0 || step >= reading.steps ? 0 : reading.byName[name].values[step * reading.units + unit];
}

// A name as formulas have it: `<state>_prev` is the state before, in the order of reading, or what an edit made of it as it entered.
function named(reading, name, step, unit) {
  if (!name.endsWith("_prev")) return valueAt(reading, name, step, unit);
  if (edited(reading, name, step, unit) === 2) return besideOf(reading, name, step, unit);
  return valueAt(reading, name.slice(0, -5), before(reading, step), unit);
}

function before(reading, step) {
  return reading.reversed ? step + 1 : step - 1;
}

// What the pinned line and the token strip show: the memory, from -1 to 1; through tanh where it has no bounds, or, where a unit
// counts, on a scale that ends at its reach on this text.
function memoryAt(reading, step, unit) {
  return scaled(reading, valueAt(reading, reading.memory, step, unit));
}

function scaled(reading, value) {
  return reading.squashed ? Math.tanh(value) : value / reading.reach;
}

function memoryLabel(reading) {
  const { letter } = reading.byName[reading.memory];
  if (reading.squashed) return `tanh ${letter}`;
  return reading.reach > 1 ? `${letter}, to ±${exact(reading.reach)}` : letter;
}
