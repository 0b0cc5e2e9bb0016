// The payload: a JSON header and float32 arrays, in one run of bytes (see payload.py).

function unpack(bytes) {
  const copy = bytes.slice(); // a Float32Array needs aligned memory of its own
  const headerLength = new DataView(copy.buffer).getUint32(0, true);
  const reading = JSON.parse(new TextDecoder().decode(copy.subarray(4, 4 + headerLength)));
  const start = Math.ceil((4 + headerLength) / 4) * 4;
  const values = new Float32Array(copy.buffer, start);
  const size = reading.steps * reading.units;
  reading.signals.forEach((signal, index) => {
    signal.values = values.subarray(index * size, (index + 1) * size);
  });
  reading.byName = Object.fromEntries(reading.signals.map((signal) => [signal.name, signal]));
  return reading;
}

// The value of a signal at a step for a unit; before the first step a state is 0, as a reading here begins.
function valueAt(reading, name, step, unit) {
  return step < 0 ? 0 : reading.byName[name].values[step * reading.units + unit];
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
  if (reading.squashed) return `tanh ${reading.memory}`;
  return reading.reach > 1 ? `${reading.memory}, to ±${brief(reading.reach)}` : reading.memory;
}
