/// A control handler over a service_set with fakes all around it.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "fakes/fake_enablement.h"
#include "supervisor/control_handler.h"
#include "unit/supervisor/fixture.h"

namespace mainstay::fakes {

struct Control : FakeSystem {
    FakeEnablement enablement;
    supervisor::RecentMessages messages{journal};
    supervisor::ControlHandler handler{{services, processes, outputs, clock, enablement, messages},
                                       {{"1.2.3", "abc", 1, 42}, "host1"}};
    int wakes = 0;

    using Job = std::unique_ptr<supervisor::ControlJob>;
    using Progress = supervisor::ControlJob::Progress;
    using Rights = supervisor::Rights;

    Job begin(std::string_view line, Rights rights = Rights::Everything) {
        return handler.begin(line, {rights, 0}, [this] { ++wakes; });
    }

    /// The answer of a request that is answered at once, however many pieces it has.
    std::string ask(std::string_view line, Rights rights = Rights::Everything) {
        std::string out;
        const Job job = begin(line, rights);
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
