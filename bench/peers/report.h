// Tables for people and JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "measure.h"

namespace peers {

struct Report {
  std::string machine;
  bool single = true;  // float32
  bool use_best = false;  // ratios of minima instead of medians
  std::vector<Row> rows;
};

double gflops(const Row& row, const Figure& figure, bool use_best);

// Index of the fastest peer that counts, or 0 where there is none.
size_t best_peer(const Row& row, const Sides& sides, bool use_best);

void print_header(const Report& report, const Sides& sides);
void print_row(const Report& report, const Row& row, const Sides& sides);
void print_summary(const Report& report, const Sides& sides);
void write_json(const std::string& path, const Report& report, const Sides& sides);

}  // namespace peers
