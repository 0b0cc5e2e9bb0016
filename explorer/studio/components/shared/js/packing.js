// What came from the server: a JSON header and float32 arrays, in one run of bytes (see packing.py).

function unpack(bytes) {
  const copy = bytes.slice(); // a Float32Array needs aligned memory of its own
  const headerLength = new DataView(copy.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(copy.subarray(4, 4 + headerLength)));
  return { header, values: new Float32Array(copy.buffer, Math.ceil((4 + headerLength) / 4) * 4) };
}
