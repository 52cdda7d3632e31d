// The rules that need whole tensors, one line each, and the methods that use them.
import type { TensorRule } from "../../backend/optim.ts";
import type { Method } from "../method.ts";
import { adafactorMatrix, adafactorMethod, adafactorVector } from "./adafactor.ts";
import { lamb, lambMethod } from "./lamb.ts";
import { lars, larsMethod } from "./lars.ts";
import { adamBf16, adamInt8 } from "./low-state.ts";
import { muon, muonMethod } from "./muon.ts";

export const tensorRules: readonly TensorRule[] = [lamb, lars, adafactorVector, adafactorMatrix, muon, adamBf16, adamInt8];

export const tensorMethods = [lambMethod, larsMethod, adafactorMethod, muonMethod] as unknown as readonly Method[];
