/// The supervisor's seams with something in front that counts the calls which can fail, and fails
/// one of them: each decorator hands on to another (a fake of this directory), or answers as the
/// real one does when the kernel refuses with that errno.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "supervisor/os_cgroups.h"
#include "supervisor/os_definitions.h"
#include "supervisor/os_outputs.h"
#include "supervisor/os_processes.h"
#include "supervisor/os_readiness.h"
#include "supervisor/os_sessions.h"

namespace mainstay::fakes {

/// Which call of all fails, and with what.
struct FaultCounter {
    int failing = -1;  ///< counted from 0 over all seams; -1: none
    int error = 0;     ///< errno
    int calls = 0;
    std::string failed{};  ///< the call that failed

    bool fails(const char* call) {
        if (calls++ != failing) {
            return false;
        }
        failed = call;
        return true;
    }
};

class FaultyProcesses final : public supervisor::Processes {
  public:
    FaultyProcesses(supervisor::Processes& real, FaultCounter& faults)
        : real_(real), faults_(faults) {}

    Result<std::int32_t, supervisor::ExecFault> spawn(supervisor::ProcessKey key,
                                                      const supervisor::SpawnPlan& plan) override {
        if (faults_.fails("spawn")) {
            return supervisor::ExecFault{"clone", "", faults_.error, ""};
        }
        return real_.spawn(key, plan);
    }
    Result<void> kill(supervisor::ProcessKey key, int signal, supervisor::Target target) override {
        if (faults_.fails("kill")) {
            return Error{"kill", faults_.error};
        }
        return real_.kill(key, signal, target);
    }
    Result<void> adopt(supervisor::ProcessKey key, std::int32_t pid) override {
        if (faults_.fails("adopt")) {
            return Error{"pidfd_open", faults_.error};
        }
        return real_.adopt(key, pid);
    }
    supervisor::Fate resume(supervisor::ProcessKey key,
                            const supervisor::FormerProcess& process) override {
        return real_.resume(key, process);
    }
    Duration begun(supervisor::ProcessKey key) const override { return real_.begun(key); }
    void reap_pending() override { real_.reap_pending(); }
    bool is_crowded() const noexcept override { return real_.is_crowded(); }

  private:
    supervisor::Processes& real_;
    FaultCounter& faults_;
};

class FaultyOutputs final : public supervisor::Outputs {
  public:
    FaultyOutputs(supervisor::Outputs& real, FaultCounter& faults) : real_(real), faults_(faults) {}

    Result<void> connect(supervisor::ServiceId writer, supervisor::ServiceId logger) override {
        if (faults_.fails("connect")) {
            return Error{"pipe", faults_.error};
        }
        return real_.connect(writer, logger);
    }
    Result<supervisor::Streams> streams_of(const supervisor::OutputRequest& request) override {
        if (faults_.fails("streams_of")) {
            return Error{"pipe", faults_.error};
        }
        return real_.streams_of(request);
    }
    void describe(const supervisor::OutputRequest& request) override { real_.describe(request); }
    void close_input(supervisor::ServiceId logger) override { real_.close_input(logger); }
    void forget(supervisor::ServiceId service) override { real_.forget(service); }
    supervisor::LogTail tail(supervisor::ServiceId service, std::size_t count) override {
        return real_.tail(service, count);
    }
    supervisor::LogPiece read_from(supervisor::ServiceId service,
                                   supervisor::LogCursor from) override {
        return real_.read_from(service, from);
    }
    supervisor::FollowId follow(supervisor::ServiceId service,
                                std::function<void()> callback) override {
        return real_.follow(service, std::move(callback));
    }
    void unfollow(supervisor::FollowId follow) override { real_.unfollow(follow); }
    std::uint64_t memory_number() const noexcept override { return real_.memory_number(); }

  private:
    supervisor::Outputs& real_;
    FaultCounter& faults_;
};

/// A directory that cannot be read is a definition that cannot be used, for now.
class FaultyDefinitions final : public supervisor::Definitions {
  public:
    FaultyDefinitions(supervisor::Definitions& real, FaultCounter& faults)
        : real_(real), faults_(faults) {}

    supervisor::LoadedDefinition load(const std::string& path) override {
        supervisor::LoadedDefinition loaded = real_.load(path);
        if (faults_.fails("load")) {
            loaded.usable = false;
            loaded.try_again = true;
            loaded.problems = {path + "/service.conf: read: " + errno_text(faults_.error)};
        }
        return loaded;
    }

  private:
    supervisor::Definitions& real_;
    FaultCounter& faults_;
};

/// Where a cgroup cannot be had or used, the service runs without; the real ones say so themselves.
class FaultyCgroups final : public supervisor::Cgroups {
  public:
    FaultyCgroups(supervisor::Cgroups& real, FaultCounter& faults) : real_(real), faults_(faults) {}

    supervisor::CgroupEntry enter(supervisor::ServiceId service, const std::string& name,
                                  const supervisor::CgroupSettings& settings) override {
        return faults_.fails("enter") ? supervisor::CgroupEntry{}
                                      : real_.enter(service, name, settings);
    }
    void resume(supervisor::ServiceId service, const std::string& name) override {
        real_.resume(service, name);
    }
    std::vector<std::int32_t> members(supervisor::ServiceId service) override {
        return faults_.fails("members") ? std::vector<std::int32_t>{} : real_.members(service);
    }
    bool kill_members(supervisor::ServiceId service) override {
        return !faults_.fails("kill_members") && real_.kill_members(service);
    }
    std::uint64_t oom_kills(supervisor::ServiceId service) override {
        return faults_.fails("oom_kills") ? 0 : real_.oom_kills(service);
    }
    supervisor::CgroupUsage usage(supervisor::ServiceId service) override {
        return faults_.fails("usage") ? supervisor::CgroupUsage{} : real_.usage(service);
    }
    void forget(supervisor::ServiceId service) override { real_.forget(service); }

  private:
    supervisor::Cgroups& real_;
    FaultCounter& faults_;
};

class FaultyReadiness final : public supervisor::ReadinessPorts {
  public:
    FaultyReadiness(supervisor::ReadinessPorts& real, FaultCounter& faults)
        : real_(real), faults_(faults) {}

    Result<supervisor::Channel, supervisor::ExecFault> open(
        supervisor::ProcessKey key, const std::string& name,
        const supervisor::Definition& definition) override {
        if (faults_.fails("open")) {
            return supervisor::ExecFault{"bind", "/run/notify", faults_.error, ""};
        }
        return real_.open(key, name, definition);
    }
    void born(supervisor::ProcessKey key, std::int32_t pid) override { real_.born(key, pid); }
    void executed(supervisor::ProcessKey key, const supervisor::Definition& definition) override {
        real_.executed(key, definition);
    }
    void resume(const supervisor::FormerRun& run, const std::string& name,
                const supervisor::Definition& definition) override {
        real_.resume(run, name, definition);
    }
    void close(supervisor::ProcessKey key) override { real_.close(key); }

  private:
    supervisor::ReadinessPorts& real_;
    FaultCounter& faults_;
};

class FaultySessions final : public supervisor::Sessions {
  public:
    FaultySessions(supervisor::Sessions& real, FaultCounter& faults)
        : real_(real), faults_(faults) {}

    std::size_t kill_members(std::int32_t session) override {
        return faults_.fails("kill session") ? 0 : real_.kill_members(session);
    }

  private:
    supervisor::Sessions& real_;
    FaultCounter& faults_;
};

}  // namespace mainstay::fakes
