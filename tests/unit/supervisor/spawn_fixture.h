/// What tests with real processes share: a service directory, a way to run it and to read it.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "common/fd_io.h"
#include "supervisor/spawn.h"
#include "supervisor/words.h"

namespace mainstay::supervisor::test {

inline constexpr int kDeadlineMs = 30'000;

/// A service directory that is gone afterwards.
class ServiceDirectory {
  public:
    ServiceDirectory() {
        std::string path = "/tmp/spawn-test-XXXXXX";
        REQUIRE(::mkdtemp(path.data()) != nullptr);
        path_ = path;
    }
    ~ServiceDirectory() { std::filesystem::remove_all(path_); }
    ServiceDirectory(const ServiceDirectory&) = delete;
    ServiceDirectory& operator=(const ServiceDirectory&) = delete;

    const std::string& path() const { return path_; }

    void script(const std::string& text) const {
        std::ofstream(path_ + "/run") << "#!/bin/sh\n" << text << "\n";
        ::chmod((path_ + "/run").c_str(), 0755);
    }

    Definition definition() const {
        Definition definition;
        definition.path = path_;
        return definition;
    }

  private:
    std::string path_;
};

inline UniqueFd null() {
    return std::move(*open_file("/dev/null", O_RDWR));
}

inline SpawnContext context() {
    return {{"PATH=/usr/bin:/bin", "COLOUR=blue"}, std::nullopt, std::nullopt};
}

inline int wait_status(pid_t pid) {
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return status;
}

/// Waits until the exec was seen, or has failed.
/// @returns the bytes of the report, none where the exec succeeded
inline std::size_t read_report(Birth& birth, ExecReport& report) {
    for (;;) {
        pollfd ready{birth.report.get(), POLLIN, 0};
        REQUIRE(::poll(&ready, 1, kDeadlineMs) == 1);
        const auto outcome = birth.look(report);
        if (outcome != Birth::Outcome::Open) {
            return outcome == Birth::Outcome::Failed ? sizeof report : 0;
        }
    }
}

inline std::string read_all(int fd) {
    std::array<char, 4096> buffer;
    return std::string(*read_up_to(fd, buffer));
}

/// How a start went: what the program wrote and its wait status, or why it never ran.
struct Outcome {
    std::string output;
    int status = 0;
    std::optional<ExecFault> fault;

    /// The fault in words; empty where the program ran.
    std::string text() const { return fault ? text_of(*fault) : std::string(); }
};

/// Spawns and waits for the end. @p plan gets its output from here.
inline Outcome run_to_end(Spawner& spawner, SpawnPlan plan) {
    Pipe output = std::move(*make_pipe());
    plan.output = output.write_end.get();
    auto birth = spawner.spawn(plan);
    if (!birth) {
        return {"", 0, birth.error()};
    }
    output.write_end.reset();
    Outcome outcome;
    ExecReport report{};
    if (read_report(*birth, report) == sizeof report) {
        outcome.fault = birth->fault_of(report);
    }
    outcome.output = read_all(output.read_end.get());
    outcome.status = wait_status(birth->pid);
    return outcome;
}

}  // namespace mainstay::supervisor::test
