/// Judges every step of a simulation by the sentences of service.conf(5), from what the fakes and
/// an observer see: births, ends and signals of processes, states, and what was asked for. Knows
/// nothing of how the planner comes to it.
///
/// - At most one process a service; none beside one of a service that it conflicts with.
/// - A start: wanted, all that it needs is there and ready, all that it starts after has come to an
///   outcome. A stop that was asked for: nothing that needs it runs any more, nor does anything
///   that starts after it and is to go down as well.
/// - Whatever becomes wanted has somebody who wants it; whatever is not wanted any more, too. Who
///   asks for a service gets it, with all that it needs and wants.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "unit/supervisor/simulation_relations.h"

namespace mainstay::simulation {

class Witness final : public supervisor::ServiceObserver {
  public:
    /// Before the simulation begins; must outlive it no longer than it is looked at.
    explicit Witness(Simulation& simulation);

    /// To be called in place of the simulation's own, so that it is known who asks for what.
    void begin();
    void post(const Verb& verb);
    void stop_all();

    /// The first few things that were not as they should be.
    const Names& complaints() const { return complaints_; }
    const RelationTable& relations() const { return relations_; }
    /// What the last run of a service came to; nothing while it runs, or where it never did.
    const std::optional<ExitStatus>& last_end(std::size_t number) const {
        return worlds_[number].last_end;
    }
    int processes(std::size_t number) const { return worlds_[number].processes; }

    void service_changed(const supervisor::Service& service) override;
    void service_forgotten(supervisor::ServiceId /*service*/) override {}

  private:
    /// What was seen of one service.
    struct Seen {
        supervisor::Snapshot snapshot;
        int processes = 0;
        std::optional<ExitStatus> last_end;
    };
    /// Who asks for services now.
    struct Asking {
        Numbers up;
        Numbers down;
        bool all_down = false;
    };

    void complain(std::size_t number, const std::string& what);
    const supervisor::Snapshot& now(std::size_t number) const { return worlds_[number].snapshot; }
    bool is_wanted(std::size_t number) const { return now(number).wanted != Wanted::Down; }
    std::string in_words(std::size_t number) const;

    void born(supervisor::ProcessKey key);
    void judge_start(std::size_t number);
    void judge_stop(std::size_t number);
    void judge_wanted(std::size_t number);
    bool has_who_wants_it(std::size_t number) const;
    bool has_who_does_not(std::size_t number) const;
    bool is_in_the_way(std::size_t number) const;
    void judge_verb(std::size_t number, const supervisor::Snapshot& before);
    void judge_company(std::size_t number);

    Simulation& simulation_;
    RelationTable relations_;
    std::vector<Seen> worlds_;
    Asking asking_;
    Names complaints_;
};

}  // namespace mainstay::simulation
