/// Who relates to whom in a simulation, by number of service, as service.conf(5) puts it: plain
/// lists and walks along them, written without a look at the supervisor's own graph.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "unit/supervisor/simulation.h"

namespace mainstay::simulation {

using Numbers = std::vector<std::size_t>;

/// What one service has to do with others.
struct Related {
    const std::string* name = nullptr;
    const Sample* sample = nullptr;
    Numbers needs;
    Numbers wants;
    Numbers members;
    Numbers after;      ///< those that are before it, too; without circles of nothing but order
    Numbers conflicts;  ///< whoever of the two says so
    Numbers needed_by;
    Numbers wanted_by;
    Numbers member_of;
    Numbers before;         ///< those that start after it
    bool lacks = false;     ///< needs, or has as a member, what is not there
    bool circular = false;  ///< waits for itself

    bool is_group() const { return sample->type == supervisor::ServiceType::Group; }
    bool is_oneshot() const { return sample->type == supervisor::ServiceType::Oneshot; }
};

class RelationTable {
  public:
    explicit RelationTable(const std::map<std::string, Sample>& samples);

    const Related& operator[](std::size_t number) const { return table_[number]; }
    std::size_t size() const { return table_.size(); }
    const std::string& name(std::size_t number) const { return *table_[number].name; }
    std::size_t number(const std::string& name) const { return numbers_.at(name); }

    using Steps = std::function<void(const Related&, const std::function<void(const Numbers&)>&)>;
    /// All that a walk comes to, each once; where it starts only if it comes back there.
    Numbers walk(std::size_t from, const Steps& steps) const;
    bool reaches(std::size_t from, std::size_t to, const Steps& steps) const;

  private:
    void read(const Sample& sample, Related& related);
    void add_reverse(std::size_t number);
    void drop_circles_of_order();

    std::vector<Related> table_;
    std::unordered_map<std::string, std::size_t> numbers_;
};

}  // namespace mainstay::simulation
