/// PURE. What the programs that lint print, as JSON and as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mainstay::ctl {

/// Gathers the lines of several programs into one answer of `svctl --json lint`.
class LintReport {
  public:
    /// A line of `supervisor --check --json`: a problem, or its count at the end.
    void add_object(std::string_view line);

    /// A line of `init --check`: "file:line: message".
    void add_text(std::string_view line);

    /// The problems, one object a line, and the count of all.
    std::string take();

  private:
    std::string lines_;
    std::int64_t errors_ = 0;
    std::int64_t warnings_ = 0;
};

}  // namespace mainstay::ctl
