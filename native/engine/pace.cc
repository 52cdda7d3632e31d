#include "engine/pace.h"

#include <algorithm>

namespace downhill {

void Pace::begin(Stage stage, bool alone) {
  stage_ = stage;
  alone_ = alone;
  seen_ = 0;
}

void Pace::settle(bool alone) {
  interval_ = alone == last_winner_ ? std::min(2 * interval_, kLastInterval) : kFirstInterval;
  last_winner_ = alone;
  begin(Stage::settled, alone);
}

void Pace::took(uint64_t nanoseconds) {
  ++seen_;
  if (stage_ == Stage::settled) {
    if (seen_ >= interval_) begin(Stage::together, false);
    return;
  }
  // An update alone that takes twice as long says enough, a first one with cold caches four times as long: on many cores
  // a trial must not cost more than it can bring.
  if (stage_ == Stage::alone && nanoseconds > (seen_ <= kWarm ? 4 : 2) * together_) return settle(false);
  if (seen_ <= kWarm) return;
  samples_[seen_ - kWarm - 1] = nanoseconds;
  if (seen_ < kWarm + kSamples) return;
  std::nth_element(samples_, samples_ + kSamples / 2, samples_ + kSamples);
  const uint64_t median = samples_[kSamples / 2];
  if (stage_ == Stage::alone) return settle(median < together_);
  together_ = median;
  if (median > kLong) return settle(false);
  begin(Stage::alone, true);
}

}  // namespace downhill
