// Every rule, one line each, as rows of the ISA's table. No include guard: included once per ISA, inside the region.
#include "kernels/optim/driver.h"

#include "kernels/optim/adadelta.h"
#include "kernels/optim/adagrad.h"
#include "kernels/optim/adam.h"
#include "kernels/optim/adamax.h"
#include "kernels/optim/asgd.h"
#include "kernels/optim/average.h"
#include "kernels/optim/lion.h"
#include "kernels/optim/momentum_accelerator.h"
#include "kernels/optim/nadam.h"
#include "kernels/optim/radam.h"
#include "kernels/optim/rmsprop.h"
#include "kernels/optim/rmsprop_loss.h"
#include "kernels/optim/rmsprop_window.h"
#include "kernels/optim/rprop.h"
#include "kernels/optim/schedule_free.h"
#include "kernels/optim/sgd.h"

template <template <class> class Rule> constexpr StepRule rule_row() {
  using F = Rule<VecF32>;
  using D = Rule<VecF64>;
  return {F::kName,
          F::kSlotNames,
          F::kCoefficients,
          requires { F::kHistory; },
          {step_slices<F, NoPrelude<VecF32>>, step_slices<F, L2Prelude<VecF32>>, step_slices<F, FullPrelude<VecF32>>},
          {step_slices<D, NoPrelude<VecF64>>, step_slices<D, L2Prelude<VecF64>>, step_slices<D, FullPrelude<VecF64>>}};
}

constexpr StepRule kStepRules[] = {
    rule_row<Sgd>(),
    rule_row<SgdHeavyBall>(),
    rule_row<SgdNesterov>(),
    rule_row<Adagrad>(),
    rule_row<Rmsprop>(),
    rule_row<RmspropMomentum>(),
    rule_row<RmspropCentered>(),
    rule_row<RmspropCenteredMomentum>(),
    rule_row<RmspropInside>(),
    rule_row<RmspropInsideMomentum>(),
    rule_row<RmspropInsideCentered>(),
    rule_row<RmspropInsideCenteredMomentum>(),
    rule_row<Adam>(),
    rule_row<AdamAmsgrad>(),
    rule_row<Nadam>(),
    rule_row<Radam>(),
    rule_row<Adamax>(),
    rule_row<Adadelta>(),
    rule_row<Lion>(),
    rule_row<Rprop>(),
    rule_row<Asgd>(),
    rule_row<MomentumAccelerator>(),
    rule_row<RmspropLossSigned>(),
    rule_row<RmspropLossLiteral>(),
    rule_row<RmspropWindow>(),
    rule_row<RmspropWindowMomentum>(),
    rule_row<RmspropWindowCentered>(),
    rule_row<RmspropWindowCenteredMomentum>(),
    rule_row<RmspropWindowInside>(),
    rule_row<RmspropWindowInsideMomentum>(),
    rule_row<RmspropWindowInsideCentered>(),
    rule_row<RmspropWindowInsideCenteredMomentum>(),
    rule_row<ScheduleFreeSgd>(),
    rule_row<ScheduleFreeAdamw>(),
    rule_row<Average>(),
    rule_row<LookAhead>(),
};
