/// The other seams of the supervisor: outputs, definitions, journal.
#pragma once

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "supervisor/journal.h"
#include "supervisor/os_cgroups.h"
#include "supervisor/os_definitions.h"
#include "supervisor/os_outputs.h"
#include "supervisor/os_readiness.h"
#include "supervisor/os_sessions.h"
#include "supervisor/os_system.h"

namespace mainstay::fakes {

class FakeOutputs final : public supervisor::Outputs {
  public:
    Result<void> connect(supervisor::ServiceId service, supervisor::ServiceId logger) override {
        if (should_fail && should_fail()) {
            return Error{"pipe", EMFILE};
        }
        connected[service] = logger;
        return {};
    }

    Result<supervisor::Streams> streams_of(const supervisor::OutputRequest& request) override {
        if (should_fail && should_fail()) {
            return Error{"pipe", EMFILE};
        }
        const int number = static_cast<int>(request.service % 100000);
        return supervisor::Streams{number * 10, number * 10 + 1};
    }

    void describe(const supervisor::OutputRequest& request) override {
        described[request.service] = request.settings;
    }
    void close_input(supervisor::ServiceId logger) override { closed.insert(logger); }
    void forget(supervisor::ServiceId service) override { forgotten.insert(service); }

    supervisor::LogTail tail(supervisor::ServiceId service, std::size_t count) override {
        auto newest = lines[service];
        if (newest.size() > count) {
            newest.erase(newest.begin(), newest.end() - static_cast<std::ptrdiff_t>(count));
        }
        const std::string& all = written[service];
        return {newest, all.size(), all.empty() || all.back() == '\n'};
    }

    std::uint64_t memory_number() const noexcept override { return memory; }

    supervisor::LogPiece read_from(supervisor::ServiceId service,
                                   supervisor::LogCursor from) override {
        const std::string& all = written[service];
        const std::size_t begin = std::min<std::size_t>(std::max(from, gone[service]), all.size());
        return {all.substr(begin), all.size(), begin - std::min<std::size_t>(from, begin)};
    }

    supervisor::FollowId follow(supervisor::ServiceId service,
                                std::function<void()> callback) override {
        static_cast<void>(service);
        callbacks[++last_follow] = std::move(callback);
        return last_follow;
    }
    void unfollow(supervisor::FollowId follow) override { callbacks.erase(follow); }

    std::map<supervisor::ServiceId, supervisor::ServiceId> connected;
    std::map<supervisor::ServiceId, std::shared_ptr<const supervisor::LogSettings>> described;
    std::set<supervisor::ServiceId> closed;
    std::set<supervisor::ServiceId> forgotten;
    std::map<supervisor::ServiceId, std::vector<std::string>> lines;
    std::map<supervisor::ServiceId, std::string> written;         ///< what read_from() reads
    std::map<supervisor::ServiceId, supervisor::LogCursor> gone;  ///< so much was overwritten
    std::uint64_t memory = 7;                                     ///< its number
    std::map<supervisor::FollowId, std::function<void()>> callbacks;
    supervisor::FollowId last_follow = 0;
    std::function<bool()> should_fail;
};

/// Directories by path; one that was not put in is plain: run and nothing else.
class FakeDefinitions final : public supervisor::Definitions {
  public:
    supervisor::LoadedDefinition load(const std::string& path) override {
        const auto found = directories.find(path);
        supervisor::LoadedDefinition loaded;
        if (found != directories.end()) {
            loaded = found->second;
        }
        loaded.definition.path = path;
        loaded.definition.resolved = path;
        return loaded;
    }

    std::map<std::string, supervisor::LoadedDefinition> directories;
};

class FakeCgroups final : public supervisor::Cgroups {
  public:
    supervisor::CgroupEntry enter(supervisor::ServiceId service, const std::string& /*name*/,
                                  const supervisor::CgroupSettings& /*settings*/) override {
        if (!is_there) {
            return {};
        }
        const bool is_new = entered.insert(service).second;
        return {kDirectory, is_new};
    }
    void resume(supervisor::ServiceId service, const std::string& /*name*/) override {
        entered.insert(service);
    }
    std::vector<std::int32_t> members(supervisor::ServiceId service) override {
        return processes[service];
    }
    bool kill_members(supervisor::ServiceId service) override {
        killed.push_back(service);
        return entered.count(service) != 0;
    }
    std::uint64_t oom_kills(supervisor::ServiceId service) override { return kills[service]; }
    supervisor::CgroupUsage usage(supervisor::ServiceId service) override { return used[service]; }
    void forget(supervisor::ServiceId service) override { entered.erase(service); }

    static constexpr int kDirectory = 77;
    bool is_there = true;
    std::set<supervisor::ServiceId> entered;
    std::vector<supervisor::ServiceId> killed;
    std::map<supervisor::ServiceId, std::vector<std::int32_t>> processes;
    std::map<supervisor::ServiceId, supervisor::CgroupUsage> used;
    std::map<supervisor::ServiceId, std::uint64_t> kills;
};

class FakeSessions final : public supervisor::Sessions {
  public:
    std::size_t kill_members(std::int32_t session) override {
        killed.push_back(session);
        return 0;
    }
    std::vector<std::int32_t> killed;
};

class FakeMachine final : public supervisor::System {
  public:
    void reboot() override { asked.emplace_back("reboot"); }
    void power_off() override { asked.emplace_back("poweroff"); }
    void exit_with(std::uint8_t code) override { asked.push_back("exit " + std::to_string(code)); }

    std::vector<std::string> asked;
};

class FakeJournal final : public supervisor::Journal {
  public:
    void write(supervisor::Level level, std::string_view message) noexcept override {
        static_cast<void>(level);
        messages.emplace_back(message);
    }

    bool has(std::string_view part) const {
        return std::any_of(messages.begin(), messages.end(), [&](const std::string& message) {
            return message.find(part) != std::string::npos;
        });
    }

    std::vector<std::string> messages;
};

}  // namespace mainstay::fakes
