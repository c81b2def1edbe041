/// The pipes that services write into. Both ends of each are kept here: a service, a logger or
/// svlog may restart at any time and what lies in the pipe stays. Services that share a logger
/// share its pipe; a service without one writes into a pipe that svlog reads.
///
/// Also keeps svlog going: starts it with the first pipe, starts it again, hands it all pipes anew,
/// and steps in while it is gone.
///
/// Has copies of all that kept for the next supervisor, which takes it up by restore().
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/fd_io.h"
#include "common/restart_pacing.h"
#include "supervisor/journal.h"
#include "supervisor/kept_log.h"
#include "supervisor/log_takeover.h"
#include "supervisor/loop.h"
#include "supervisor/os_keeper.h"
#include "supervisor/os_outputs.h"
#include "supervisor/svlog/arena_memory.h"
#include "supervisor/svlog_forerunner.h"
#include "supervisor/svlog_link.h"
#include "supervisor/svlog_process.h"

namespace mainstay::supervisor {

struct LogPipesSettings {
    SvlogCommand svlog;
    std::uint32_t group = svlog::kNoGroup;  ///< of log files
    std::string record;     ///< where it is noted which process is svlog; empty: nowhere
    UniqueFd own_messages;  ///< read end of a pipe with the supervisor's own; invalid: none
};

class LogPipes final : public Outputs, private SvlogListener {
  public:
    LogPipes(Loop& loop, Journal& journal, Keeper& keeper, LogPipesSettings settings);
    ~LogPipes() override;

    /// Takes up what a supervisor before this one left. To be called before any other call. Of a
    /// service that was restored, streams_of() and connect() find the pipe that its processes still
    /// write to, and positions of its stream go on. Does nothing with svlog yet: it has to know
    /// first how each service's files are to be kept: from streams_of(), which is to be called for
    /// every service that runs, and from describe() for the others.
    void restore(std::vector<KeptLog> kept);

    /// To be called once when all services are there, whether restore() was called or not: pipes of
    /// those that @p is_known does not know are read to the end and closed. Ends the svlog that is
    /// still there, waiting in the loop, and starts another. No svlog is started before.
    void restored(const std::function<bool(ServiceId)>& is_known);

    Result<void> connect(ServiceId writer, ServiceId logger) override;
    Result<Streams> streams_of(const OutputRequest& request) override;
    void describe(const OutputRequest& request) override;
    void close_input(ServiceId logger) override;
    void forget(ServiceId service) override;
    LogTail tail(ServiceId service, std::size_t count) override;
    std::uint64_t memory_number() const noexcept override;
    LogPiece read_from(ServiceId service, LogCursor from) override;
    FollowId follow(ServiceId service, std::function<void()> callback) override;
    void unfollow(FollowId follow) override;

    /// No service writes any more: lets svlog write what there is and end. Calls @p done from the
    /// loop then, or when that takes too long. To be called once.
    void finish(std::function<void()> done);

  private:
    /// What svlog reads, by slot.
    struct Output {
        enum class State : std::uint8_t { Unused, InUse, Leaving };
        State state = State::Unused;
        ServiceId service = 0;
        std::string name;
        std::shared_ptr<const LogSettings> settings;  ///< null: the defaults
        Pipe pipe;  ///< the write end of our own messages is elsewhere
    };
    struct Writer {
        ServiceId logger;
        std::string name;  ///< empty: it was not started since it was connected
    };
    struct Follower {
        ServiceId service;
        LogCursor seen;
        std::function<void()> callback;
    };

    // Pipes.
    Result<std::uint32_t> make_output(const OutputRequest& request, Pipe pipe);
    Result<std::uint32_t> obtain_slot(ServiceId service);
    Result<void> set_pipe(std::uint32_t slot, Pipe pipe);
    std::optional<std::uint32_t> slot_of(ServiceId service) const noexcept;
    std::uint32_t free_slot();
    void free_output(std::uint32_t slot);
    void settings_changed(std::uint32_t slot, const OutputRequest& request);
    void let_writers_go(ServiceId logger, Pipe pipe);
    void keep(KeptKind kind, ServiceId service, const Pipe& pipe);
    void leave(std::uint32_t slot);

    // What was left.
    Result<void> restore_arena(KeptLog& kept);
    void restore_slots();
    Result<void> restore_pipe(KeptLog& kept);
    Result<void> restore_output(ServiceId service, std::string_view name, Pipe pipe);
    void read_last_messages();

    // svlog.
    Result<void> make_arena();
    void read_own_messages_before_they_are_lost();
    void start_svlog_when_quiet();
    void look_for_quiet(std::size_t outputs, int looks);
    void start_svlog();
    bool is_arena_free();
    void tell_all();
    void svlog_ended(std::optional<ExitStatus> status, Duration lived);
    void step_in();
    void add_task(svlog::MessageType type, std::uint32_t slot);
    void refused(std::uint32_t slot, int code);
    void ended_while_finishing(std::optional<ExitStatus> status);
    void finished();
    std::optional<Outgoing> message_for(const SvlogTask& task) override;
    void svlog_says(const svlog::Message& message) override;
    void svlog_hung_up() override;

    // Reading.
    svlog::Arena arena() const noexcept { return memory_.arena(); }
    std::string read_pipe(int pipe);
    LogTail tail_of_pipe(std::uint32_t slot, std::size_t count);
    void tell_followers();
    LogCursor ask_for_news(const Follower& follower) const noexcept;

    Loop& loop_;
    Journal& journal_;
    Keeper& keeper_;
    std::uint32_t group_;
    std::string record_;
    std::vector<Output> outputs_;  ///< by slot; that of kOwnMessages is the first
    std::vector<std::uint32_t> free_slots_;
    std::unordered_map<ServiceId, std::uint32_t> slots_;
    std::unordered_map<ServiceId, Pipe> inputs_;     ///< by logger
    std::unordered_map<ServiceId, Writer> writers_;  ///< those that have a logger
    std::map<FollowId, Follower> followers_;
    FollowId last_follow_ = 0;
    Pipe scratch_;  ///< for looking into a pipe; made when it is needed

    svlog::ArenaDescriptors arena_descriptors_;
    svlog::ArenaMapping memory_;
    UniqueFd outdated_arena_;  ///< of a svlog that is to end; invalid: none
    std::unordered_map<ServiceId, std::string> input_names_;  ///< of restored ones, by logger
    UniqueFd last_messages_;       ///< the own messages of the supervisor before, to their end
    bool is_restoring_ = true;     ///< until restored(): svlog is not started
    bool has_forerunner_ = false;  ///< restore() was given something
    SvlogForerunner forerunner_;
    SvlogProcess process_;
    std::optional<SvlogLink> link_;
    std::optional<LogTakeover> takeover_;
    std::uint32_t short_runs_ = 0;
    TimerId timer_ = kNoTimer;
    std::function<void()> finished_;
    int tries_to_finish_ = 2;  ///< how often svlog is still started again at the end
};

}  // namespace mainstay::supervisor
