/// Judges a simulation at rest by the sentences of service.conf(5): whether each service is where
/// its relations, and what was asked for, say, runs what it should, and names the reason if it
/// does not run. Knows nothing of how the planner comes to it.
#pragma once

#include <string>
#include <vector>

#include "unit/supervisor/simulation_witness.h"

namespace mainstay::simulation {

class Oracle {
  public:
    Oracle(const Simulation& simulation, const Witness& witness);

    /// What is wrong with the first service with which something is; empty: all is well.
    std::string judge() const;

  private:
    std::string judge(std::size_t number) const;
    std::string judge_ready(std::size_t number) const;
    std::string judge_ready_group(const Related& related) const;
    std::string judge_done(std::size_t number) const;
    std::string judge_failed(std::size_t number) const;
    std::string judge_obstacle(std::size_t number) const;
    std::string judge_waiting(std::size_t number) const;
    Numbers waits_for(std::size_t number) const;

    const supervisor::Service& service(std::size_t number) const { return *services_[number]; }
    const supervisor::Snapshot& of(std::size_t number) const { return service(number).snapshot; }
    ServiceState state(std::size_t number) const { return of(number).state; }
    bool is_wanted(std::size_t number) const { return of(number).wanted != Wanted::Down; }
    bool satisfies(std::size_t number) const;
    bool failed_or_was_let_go(std::size_t number) const;
    std::string cause(std::size_t number) const;
    bool names_one_of(std::size_t number, const Numbers& others) const;
    void find_those_that_wait_for_a_reason();

    const Simulation& simulation_;
    const Witness& witness_;
    const RelationTable& relations_;
    std::vector<const supervisor::Service*> services_;
    std::vector<bool> waits_for_a_reason_;  ///< and not in a circle of those that only wait
};

}  // namespace mainstay::simulation
