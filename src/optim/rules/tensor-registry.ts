// The rules that need whole tensors, one line each, and the methods that use them.
import type { TensorRule } from "../../backend/optim.ts";
import type { Method } from "../method.ts";
import { adafactorMatrix, adafactorMethod, adafactorVector } from "./adafactor.ts";
import { adamState } from "./adam.ts";
import { lamb, lambMethod } from "./lamb.ts";
import { lars, larsMethod } from "./lars.ts";
import { lionState } from "./lion.ts";
import { muon, muonMethod } from "./muon.ts";
import { momentumState, nesterovState } from "./sgd.ts";

export const tensorRules: readonly TensorRule[] = [
  lamb,
  lars,
  adafactorVector,
  adafactorMatrix,
  muon,
  ...[adamState, lionState, momentumState, nesterovState].flatMap(({ bf16, int8 }) => [bf16, int8]),
];

export const tensorMethods = [lambMethod, larsMethod, adafactorMethod, muonMethod] as unknown as readonly Method[];
