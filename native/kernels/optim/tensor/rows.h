// The rows of TensorOptimTable, in its order. No include guard: included once, in each isa/*/optim_tensor.cc.
#define DOWNHILL_STATE_ROW(state, rounding)                                                                   \
  {adam_low_state<state, rounding, NoPrelude<VecF32>>, adam_low_state<state, rounding, L2Prelude<VecF32>>,    \
   adam_low_state<state, rounding, FullPrelude<VecF32>>}

sweep_row<LambMoments>(), plain_sweep_row<LambApply>(),
sweep_row<LarsNorms>(), sweep_row<LarsApply>(),
sweep_row<AdafactorMoments>(), sweep_row<AdafactorApply>(),
sweep_row<GradientSquares>(), sweep_row<AdafactorRowNorm>(), sweep_row<AdafactorRowApply>(),
{{column_squares<VecF32, NoPrelude<VecF32>>, column_squares<VecF32, L2Prelude<VecF32>>, column_squares<VecF32, FullPrelude<VecF32>>},
 {column_squares<VecF64, NoPrelude<VecF64>>, column_squares<VecF64, L2Prelude<VecF64>>, column_squares<VecF64, FullPrelude<VecF64>>}},
sweep_row<MuonMomentum>(), plain_sweep_row<MuonDivide>(), plain_sweep_row<MuonApply>(),
{DOWNHILL_STATE_ROW(Bf16State, kNearest), DOWNHILL_STATE_ROW(Bf16State, kStochastic)},
{DOWNHILL_STATE_ROW(Int8State, kNearest), DOWNHILL_STATE_ROW(Int8State, kStochastic)},

#undef DOWNHILL_STATE_ROW
