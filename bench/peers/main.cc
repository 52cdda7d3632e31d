// Times libdownhill_blas.so beside the BLAS libraries of this machine; `npm run bench -- peers` builds and runs it.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "markdown.h"
#include "report.h"
#include "survey.h"

namespace {

constexpr const char* kUsage =
    "usage: peers --library FILE [options]\n"
    "  --library FILE     libdownhill_blas.so\n"
    "  --peer FILE        one more CBLAS library (repeatable)\n"
    "  --shapes LIST      table (default), odd, all (both), or a survey: trainer (layers), random (any sizes)\n"
    "  --count N          shapes of a survey, default 300\n"
    "  --seed N           another survey, default 1\n"
    "  --shape SHAPE      MxNxK[:ta][:tb][:ldN]: A or B transposed, leading dimensions of at least N (repeatable)\n"
    "  --dtype TYPE       float32 (default) or float64\n"
    "  --threads LIST     default 1,2\n"
    "  --rounds N         turns of each side, default 7; --quick: 3\n"
    "  --best             compare minima instead of medians: for machines with other load\n"
    "  --runs N           runs of all shapes, default 1, with --markdown 3\n"
    "  --markdown         at the end the table of docs/gemm.md, medians over the runs\n"
    "  --json FILE        results of the last run\n";

struct Options {
  std::string library, list, dtype = "float32", json;
  std::vector<std::string> peers;
  std::vector<peers::Shape> shapes;
  std::vector<int> threads;
  peers::Settings settings;
  bool best = false, markdown = false;
  int runs = 0, count = 300, seed = 1;
};

std::vector<peers::Shape> list_of(const Options& o) {
  if (o.list == "trainer") return peers::trainer_shapes(static_cast<size_t>(o.count), static_cast<uint64_t>(o.seed));
  if (o.list == "random") return peers::random_shapes(static_cast<size_t>(o.count), static_cast<uint64_t>(o.seed));
  return peers::shape_list(o.list.empty() ? "table" : o.list);
}

Options parse(int count, char** arguments) {
  Options o;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto value = [&]() -> std::string {
      if (i + 1 >= count) throw std::invalid_argument(name + " needs a value");
      return arguments[++i];
    };
    if (name == "--library") o.library = value();
    else if (name == "--peer") o.peers.push_back(value());
    else if (name == "--shapes") o.list = value();
    else if (name == "--shape") o.shapes.push_back(peers::parse_shape(value()));
    else if (name == "--dtype") o.dtype = value();
    else if (name == "--json") o.json = value();
    else if (name == "--best") o.best = true;
    else if (name == "--markdown") o.markdown = true;
    else if (name == "--count") o.count = std::stoi(value());
    else if (name == "--seed") o.seed = std::stoi(value());
    else if (name == "--runs") o.runs = std::stoi(value());
    else if (name == "--quick") o.settings.rounds = 3;
    else if (name == "--rounds") o.settings.rounds = std::stoi(value());
    else if (name == "--threads") {
      const std::string list = value();
      for (size_t at = 0; at < list.size(); at = list.find(',', at) == std::string::npos ? list.size() : list.find(',', at) + 1) {
        o.threads.push_back(std::stoi(list.substr(at)));
      }
    } else throw std::invalid_argument("unknown option " + name);
  }
  if (o.library.empty()) throw std::invalid_argument("--library is missing");
  if (o.dtype != "float32" && o.dtype != "float64") throw std::invalid_argument("--dtype is float32 or float64");
  if (o.runs == 0) o.runs = o.markdown ? 3 : 1;
  if (o.runs < 1) throw std::invalid_argument("--runs starts at 1");
  if (o.count < 1 || o.seed < 0) throw std::invalid_argument("--count starts at 1, --seed at 0");
  if (o.settings.rounds < 1) throw std::invalid_argument("--rounds starts at 1");
  if (o.threads.empty()) {
    o.threads = {1};
    if (std::thread::hardware_concurrency() > 1) o.threads.push_back(2);
  }
  for (int threads : o.threads) {
    if (threads < 1) throw std::invalid_argument("--threads starts at 1");
  }
  if (o.shapes.empty() || !o.list.empty()) {
    const std::vector<peers::Shape> listed = list_of(o);
    o.shapes.insert(o.shapes.end(), listed.begin(), listed.end());
  }
  return o;
}

std::string machine_line(const peers::Sides& sides, const std::vector<std::string>& environment) {
  std::string model = "unknown processor", line;
  std::ifstream cpuinfo("/proc/cpuinfo");
  while (std::getline(cpuinfo, line)) {
    if (line.rfind("model name", 0) == 0) model = line.substr(line.find(':') + 2);
  }
  std::string text = model + " (" + std::to_string(std::thread::hardware_concurrency()) + " cores) · isa " + sides.isa +
                     " · " + __VERSION__;
  for (const std::string& setting : environment) text += " · " + setting;
  return text;
}

// All shapes on all numbers of threads, into report.rows; false where the library's result is wrong.
bool measure_all(const Options& o, const peers::Sides& sides, peers::Report& report) {
  peers::print_header(report, sides);
  bool right = true;
  for (int threads : o.threads) {
    for (const peers::Shape& shape : o.shapes) {
      const peers::Row row = report.single ? peers::measure_shape<float>(shape, threads, sides, o.settings)
                                           : peers::measure_shape<double>(shape, threads, sides, o.settings);
      right = right && row.figures[0].ran;
      peers::print_row(report, row, sides);
      report.rows.push_back(row);
    }
  }
  peers::print_summary(report, sides);
  return right;
}

int run(const Options& o) {
  const std::vector<std::string> environment = peers::set_peer_environment();
  const peers::Sides sides = peers::load_sides(o.library, o.peers);
  peers::Report report;
  report.machine = machine_line(sides, environment);
  report.single = o.dtype == "float32";
  report.use_best = o.best;
  bool right = true;
  std::vector<peers::Report> runs;
  for (int run = 0; run < o.runs; ++run) {
    report.rows.clear();
    right = measure_all(o, sides, report) && right;
    runs.push_back(report);
  }
  if (o.markdown) peers::print_markdown(runs, sides);
  if (!o.json.empty()) peers::write_json(o.json, report, sides);
  return right ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run(parse(count, arguments));
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "peers: %s\n%s", error.what(), kUsage);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "peers: %s\n", error.what());
    return 1;
  }
}
