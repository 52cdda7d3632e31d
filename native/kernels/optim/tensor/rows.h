// The rows of TensorOptimTable, in its order. No include guard: included once, in each isa/*/optim_tensor.cc.
#define DOWNHILL_STATE_ROUNDING(state, rounding)                                                              \
  {low_state_step<state, rounding, NoPrelude<VecF32>>, low_state_step<state, rounding, L2Prelude<VecF32>>,    \
   low_state_step<state, rounding, FullPrelude<VecF32>>}
#define DOWNHILL_STATE_ROWS(moments)                                                                                   \
  {DOWNHILL_STATE_ROUNDING(Bf16State<moments>, kNearest), DOWNHILL_STATE_ROUNDING(Bf16State<moments>, kStochastic)},  \
  {DOWNHILL_STATE_ROUNDING(Int8State<moments>, kNearest), DOWNHILL_STATE_ROUNDING(Int8State<moments>, kStochastic)}

sweep_row<LambMoments>(), plain_sweep_row<LambApply>(),
sweep_row<LarsNorms>(), sweep_row<LarsApply>(),
sweep_row<AdafactorMoments>(), sweep_row<AdafactorApply>(),
sweep_row<GradientSquares>(), sweep_row<AdafactorRowNorm>(), sweep_row<AdafactorRowApply>(),
{{column_squares<VecF32, NoPrelude<VecF32>>, column_squares<VecF32, L2Prelude<VecF32>>, column_squares<VecF32, FullPrelude<VecF32>>},
 {column_squares<VecF64, NoPrelude<VecF64>>, column_squares<VecF64, L2Prelude<VecF64>>, column_squares<VecF64, FullPrelude<VecF64>>}},
sweep_row<MuonMomentum>(), plain_sweep_row<MuonDivide>(), plain_sweep_row<MuonApply>(),
{DOWNHILL_STATE_ROWS(AdamMoments), DOWNHILL_STATE_ROWS(LionMoments), DOWNHILL_STATE_ROWS(MomentumMoments),
 DOWNHILL_STATE_ROWS(NesterovMoments)},

#undef DOWNHILL_STATE_ROWS
#undef DOWNHILL_STATE_ROUNDING
