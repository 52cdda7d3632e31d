// The table of docs/gemm.md, from several runs.
#pragma once

#include <vector>

#include "report.h"

namespace peers {

// One line a shape: the library, percent of the peak, the fastest peer and the ratio to it, for each number of threads;
// medians over the runs (of each run's own ratio). Then the geometric means and the shapes below 0.95.
void print_markdown(const std::vector<Report>& runs, const Sides& sides);

}  // namespace peers
