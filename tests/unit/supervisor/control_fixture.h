/// A control handler over a service_set with fakes all around it.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "fakes/fake_enablement.h"
#include "fakes/fake_helpers.h"
#include "fakes/fake_upgrades.h"
#include "supervisor/control_handler.h"
#include "unit/supervisor/fixture.h"

namespace mainstay::fakes {

/// Users of processes by pid; everybody is a stranger.
class FakeFamily final : public supervisor::ProcessFamily {
  public:
    supervisor::Kinship kinship(const supervisor::Sender& /*process*/,
                                const supervisor::RunProcesses& /*run*/) override {
        return supervisor::Kinship::Stranger;
    }
    std::optional<std::uint32_t> uid_of(std::int32_t pid) override {
        const auto found = uids.find(pid);
        return found == uids.end() ? std::nullopt : std::optional(found->second);
    }

    ZombiesView zombies_below(std::int32_t pid) override {
        return pid == negligent ? ZombiesView{3, {pid, pid + 1}} : ZombiesView();
    }

    std::map<std::int32_t, std::uint32_t> uids;
    std::int32_t negligent = 0;
};

struct Control : FakeSystem {
    FakeEnablement enablement;
    FakeHelpers helpers;
    supervisor::CheckRunner checks{{helpers, outputs, clock, journal}};
    FakeFamily family;
    FakeUpgrades upgrades;
    supervisor::ControlHandler handler{
        {services, processes, outputs, clock, enablement, cgroups, checks, family, upgrades},
        {{"1.2.3", "abc", 1, 42}, "host1"}};
    int wakes = 0;

    using Job = std::unique_ptr<supervisor::ControlJob>;
    using Progress = supervisor::ControlJob::Progress;
    using Rights = supervisor::Rights;

    Job begin(std::string_view line, Rights rights = Rights::Everything, std::uint32_t uid = 0) {
        return handler.begin(line, {rights, uid}, [this] { ++wakes; });
    }

    /// The answer of a request that is answered at once, however many pieces it has.
    std::string ask(std::string_view line, Rights rights = Rights::Everything,
                    std::uint32_t uid = 0) {
        std::string out;
        const Job job = begin(line, rights, uid);
        Progress progress = job->advance(out);
        while (progress == Progress::More) {
            progress = job->advance(out);
        }
        CHECK(progress == Progress::Done);
        return out;
    }

    /// What a job that waits has to say now.
    static std::string more_of(const Job& job) {
        std::string out;
        CHECK(job->advance(out) == Progress::Waiting);
        return out;
    }

    /// The rest of what a job has to say.
    static std::string end_of(const Job& job) {
        std::string out;
        CHECK(job->advance(out) == Progress::Done);
        return out;
    }

    void down(const std::string& name) {
        directory("/sv/" + name).has_down_file = true;
        services.add(name, "/sv/" + name);
    }
};

inline bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace mainstay::fakes
