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
#include "supervisor/os_definitions.h"
#include "supervisor/os_outputs.h"

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
        const int number = static_cast<int>(request.service);
        return supervisor::Streams{number * 10, number * 10 + 1};
    }

    void close_input(supervisor::ServiceId logger) override { closed.insert(logger); }
    void forget(supervisor::ServiceId service) override { forgotten.insert(service); }

    supervisor::LogTail tail(supervisor::ServiceId service, std::size_t count) override {
        auto newest = lines[service];
        if (newest.size() > count) {
            newest.erase(newest.begin(), newest.end() - static_cast<std::ptrdiff_t>(count));
        }
        return {newest, 0};
    }

    supervisor::LogPiece read_from(supervisor::ServiceId service,
                                   supervisor::LogCursor from) override {
        const std::string& all = written[service];
        const std::size_t begin = std::min<std::size_t>(from, all.size());
        return {all.substr(begin), all.size(), 0};
    }

    supervisor::FollowId follow(supervisor::ServiceId service,
                                std::function<void()> callback) override {
        static_cast<void>(service);
        callbacks[++last_follow] = std::move(callback);
        return last_follow;
    }
    void unfollow(supervisor::FollowId follow) override { callbacks.erase(follow); }

    std::map<supervisor::ServiceId, supervisor::ServiceId> connected;
    std::set<supervisor::ServiceId> closed;
    std::set<supervisor::ServiceId> forgotten;
    std::map<supervisor::ServiceId, std::vector<std::string>> lines;
    std::map<supervisor::ServiceId, std::string> written;  ///< what read_from() reads
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
