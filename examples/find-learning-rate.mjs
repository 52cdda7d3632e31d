// The learning-rate range test on a badly scaled least-squares problem: raise the rate step by step, watch the loss, plot it,
// then train at the suggested rate. With a file name as argument the curve is also written there as SVG.
import { writeFileSync } from "node:fs";
import { findLearningRate, learningRatesSvg, plotLearningRates, SGD } from "downhill";

/** ½ Σ λᵢ θᵢ², the simplest loss with a largest useful rate: 2 ÷ max λ. */
const lambda = [0.5, 5, 50];
function problem(learningRate) {
  const theta = Float64Array.of(1, 1, 1);
  const optimizer = new SGD([theta], { learningRate });
  return {
    optimizer,
    step() {
      const loss = theta.reduce((sum, x, i) => sum + 0.5 * lambda[i] * x * x, 0);
      optimizer.step([theta.map((x, i) => lambda[i] * x)]);
      return loss;
    },
  };
}

const trial = problem(0);
const curve = findLearningRate(
  (rate) => {
    trial.optimizer.groups[0].learningRate = rate;
    return trial.step();
  },
  { start: 1e-5, end: 10 },
);
console.log(plotLearningRates(curve));
if (process.argv[2]) writeFileSync(process.argv[2], learningRatesSvg(curve));

const training = problem(curve.suggestion);
let loss = 0;
for (let step = 0; step < 2000; step++) loss = training.step();
console.log(`loss ${loss.toExponential(2)} after 2000 steps at that rate`);
