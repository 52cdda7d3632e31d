// The JavaScript packages of bench/peers-node.mjs. Each loads itself (and fails where it is not installed), says with
// how many threads it can be timed, and prepares a product: run() computes it, result() gives the elements afterwards.
import { dirname, join } from "node:path";
import { onnxMatmul } from "./onnx-matmul.mjs";

async function onnxruntime(require) {
  const ort = require("onnxruntime-node");
  return {
    name: "onnxruntime-node",
    threads: [1, 2],
    async prepare({ m, n, k, a, b }, threads) {
      const session = await ort.InferenceSession.create(onnxMatmul(m, n, k), {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
      });
      const feeds = { A: new ort.Tensor("float32", a, [m, k]), B: new ort.Tensor("float32", b, [k, n]) };
      let last;
      const run = async () => {
        last = await session.run(feeds);
      };
      return { run, result: () => last.C.data };
    },
  };
}

async function tfjsWasm(require) {
  const tf = require("@tensorflow/tfjs-core");
  const wasm = require("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(`${join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json")), "dist")}/`);
  if (!(await tf.setBackend("wasm"))) throw new Error("@tensorflow/tfjs-backend-wasm does not start");
  await tf.ready();
  return {
    name: "tfjs-wasm",
    threads: [1],
    async prepare({ m, n, k, a, b }) {
      const x = tf.tensor2d(a, [m, k]);
      const y = tf.tensor2d(b, [k, n]);
      const run = () => tf.matMul(x, y).dispose();
      const result = () => {
        const product = tf.matMul(x, y);
        const data = product.dataSync();
        product.dispose();
        return data;
      };
      return { run, result };
    },
  };
}

async function mlMatrix(require) {
  const { Matrix } = require("ml-matrix");
  return {
    name: "ml-matrix (float64)",
    threads: [1],
    async prepare({ m, n, k, a, b }) {
      const x = Matrix.from1DArray(m, k, a);
      const y = Matrix.from1DArray(k, n, b);
      return { run: () => x.mmul(y), result: () => x.mmul(y).to1DArray() };
    },
  };
}

export const backends = [onnxruntime, tfjsWasm, mlMatrix];
