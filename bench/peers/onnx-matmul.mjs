// The smallest ONNX model that multiplies two matrices, written by hand (onnx.proto, IR version 8, opset 13), so that
// the benchmark needs no ONNX tools.

/** A length-delimited field: strings and messages. */
function bytes(field, content) {
  const body = typeof content === "string" ? Buffer.from(content) : Buffer.concat(content);
  return Buffer.concat([Buffer.from([field * 8 + 2]), varint(body.length), body]);
}

const integer = (field, value) => Buffer.concat([Buffer.from([field * 8]), varint(value)]);

function varint(value) {
  const out = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Buffer.from([...out, rest]);
}

/** ValueInfoProto of a float32 matrix: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } }. */
function matrix(field, name, rows, columns) {
  const shape = bytes(2, [bytes(1, [integer(1, rows)]), bytes(1, [integer(1, columns)])]);
  return bytes(field, [bytes(1, name), bytes(2, [bytes(1, [integer(1, 1), shape])])]);
}

/** C = A · B with A m by k and B k by n, as the bytes of a ModelProto. */
export function onnxMatmul(m, n, k) {
  const node = bytes(1, [bytes(1, "A"), bytes(1, "B"), bytes(2, "C"), bytes(4, "MatMul")]);
  const graph = bytes(7, [node, bytes(2, "product"), matrix(11, "A", m, k), matrix(11, "B", k, n), matrix(12, "C", m, n)]);
  return new Uint8Array(Buffer.concat([integer(1, 8), graph, bytes(8, [integer(2, 13)])]));
}
