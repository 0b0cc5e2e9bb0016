// Unpacks the server's data: a JSON header and arrays of one type, in one run of bytes (see packing.py).

function unpack(bytes, Type = Float32Array) {
  const copy = bytes.slice(); // numbers of several bytes need aligned memory of its own
  const headerLength = new DataView(copy.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(copy.subarray(4, 4 + headerLength)));
  return { header, values: new Type(copy.buffer, Math.ceil((4 + headerLength) / 4) * 4) };
}
