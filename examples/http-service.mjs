// A service that answers predictions while it trains: training runs on native threads, so requests are not held up. The
// model that trains is the one that answers: a prediction slips in between two updates.
//   node examples/http-service.mjs [port]      POST /predict  {"x": [[0.1, 0.9]]}      GET /status
import { createServer } from "node:http";
import { layers, sequential } from "downhill";

const model = sequential(
  [
    layers.dense({ units: 32, activation: "relu" }),
    layers.dense({ units: 16, activation: "relu" }),
    layers.dense({ units: 2, activation: "softmax" }),
  ],
  { inputShape: [2], seed: 3 },
);
model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });

// Two classes: inside or outside of a ring.
const count = 20_000;
const x = Float32Array.from(
  { length: 2 * count },
  (_, i) => 2 * ((i * 0.6180339887498949 + Math.floor(i / 7) * 0.7548776662466927) % 1) - 1,
);
const y = Int32Array.from({ length: count }, (_, i) => (x[2 * i] ** 2 + x[2 * i + 1] ** 2 < 0.5 ? 1 : 0));

const status = { epoch: 0, accuracy: 0, done: false };

async function body(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > 1e6) throw new RangeError("request too large");
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString());
}

const server = createServer(async (request, response) => {
  const send = (code, value) => response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(value));
  try {
    if (request.method === "GET" && request.url === "/status") return send(200, status);
    if (request.method !== "POST" || request.url !== "/predict") return send(404, { error: "POST /predict or GET /status" });
    const { data, shape } = model.predict((await body(request)).x);
    send(200, {
      probabilities: Array.from({ length: shape[0] }, (_, i) => [...data.subarray(2 * i, 2 * i + 2)]),
      epoch: status.epoch,
    });
  } catch (error) {
    send(400, { error: error.message });
  }
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () =>
  console.log(`listening on http://127.0.0.1:${server.address().port}`),
);

await model.fit(x, y, {
  epochs: 20,
  batchSize: 64,
  verbose: 0,
  callbacks: [
    {
      onEpochEnd(epoch, logs) {
        Object.assign(status, { epoch: epoch + 1, accuracy: logs.accuracy });
      },
    },
  ],
});
status.done = true;
console.log(`trained: accuracy ${status.accuracy.toFixed(4)}`);
