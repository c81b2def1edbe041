/// The part of LogPipes that keeps svlog going.
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <utility>

#include "supervisor/log_pipes.h"
#include "supervisor/svlog_fetch.h"
#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

constexpr Duration kRetryOfARefusal = std::chrono::seconds(10);
/// PID 1 waits 10 s for word from us, and the disk may be slow.
constexpr Duration kDrainTimeout = std::chrono::seconds(5);
/// One that lived 200 ms costs little to be started again at once, however often that happens.
constexpr PacingPolicy kPacing{std::chrono::milliseconds(100), std::chrono::seconds(10),
                               std::chrono::milliseconds(200)};
/// So long output may wait in the pipes, where nothing is lost; longer no service is to wait.
constexpr Duration kPatience = std::chrono::milliseconds(500);
constexpr int kLooksForQuiet = 25;

svlog::Settings to_svlog(const LogSettings* settings) {
    const LogSettings defaults;
    const LogSettings& from = settings == nullptr ? defaults : *settings;
    svlog::Settings to;
    to.memory = from.memory;
    to.max_size = from.max_size;
    to.max_files = from.max_files;
    to.min_free_percent = from.min_free_percent;
    to.max_age = std::chrono::ceil<std::chrono::seconds>(from.max_age);
    switch (from.timestamp) {
        case LogTimestamp::Iso:
            to.format = svlog::StampFormat::Iso;
            break;
        case LogTimestamp::Tai64n:
            to.format = svlog::StampFormat::Tai64n;
            break;
        case LogTimestamp::None:
            to.format = svlog::StampFormat::None;
            break;
    }
    return to;
}

}  // namespace

// --- its life ---------------------------------------------------------------------------------

/// Makes what svlog and we share, and has svlog started, with the first pipe that it is to read.
Result<void> LogPipes::make_arena() {
    if (memory_.is_mapped()) {
        return {};
    }
    TRY(svlog::ArenaDescriptors made, svlog::make_arena());
    TRY(memory_, svlog::ArenaMapping::map(made.memory.get()));
    arena_descriptors_ = std::move(made);
    svlog::store(arena().header().used_slots, svlog::kOwnSlot + 1);
    const std::array parts = {arena_descriptors_.memory.get(),
                              arena_descriptors_.stage.read_end.get(),
                              arena_descriptors_.stage.write_end.get()};
    keeper_.keep(KeptKind::Arena, 0, parts);
    if (!is_restoring_) {
        start_svlog_when_quiet();
    }
    return {};
}

/// A boot starts many services at once, and needs the processor for them: what they say waits in
/// their pipes until no pipe has been added for a moment.
void LogPipes::start_svlog_when_quiet() {
    look_for_quiet(outputs_.size(), kLooksForQuiet);
}

void LogPipes::look_for_quiet(std::size_t outputs, int looks) {
    timer_ = loop_.call_after(kPatience / kLooksForQuiet, [this, outputs, looks] {
        if (looks > 1 && outputs != outputs_.size()) {
            look_for_quiet(outputs_.size(), looks - 1);
        } else {
            start_svlog();
        }
    });
}

/// Where every service has a logger, our own messages wait in their pipe; svlog is only started for
/// them when that fills. They come with starts of services, so that is when to look.
void LogPipes::read_own_messages_before_they_are_lost() {
    constexpr int kMostWaiting = 16 * 1024;
    const int pipe = outputs_[svlog::kOwnSlot].pipe.read_end.get();
    int waiting = 0;
    if (pipe < 0 || memory_.is_mapped() || ::ioctl(pipe, FIONREAD, &waiting) < 0 ||
        waiting < kMostWaiting) {
        return;
    }
    if (const auto made = make_arena(); !made) {
        journal_.error(std::string("svlog: ") + made.error().action + ": " +
                       errno_text(made.error().code));
    }
}

void LogPipes::start_svlog() {
    if (!finished_) {
        timer_ = kNoTimer;  // it was for this; later it is for the end
    }
    takeover_.reset();
    if (!is_arena_free()) {
        return;
    }
    read_last_messages();
    auto link = process_.start();
    if (!link) {
        journal_.error(std::string("svlog: ") + link.error().action + ": " +
                       errno_text(link.error().code));
        svlog_ended(std::nullopt, Duration::zero());
        return;
    }
    if (!record_.empty()) {
        note_svlog(record_, process_.pid(), journal_);
    }
    link_.emplace(loop_, std::move(*link), static_cast<SvlogListener&>(*this));
    if (!link_->set_up(arena_descriptors_, group_)) {
        process_.kill();
        return;
    }
    tell_all();
    if (finished_) {
        link_->finish_when_sent();
    }
}

/// The svlog of a supervisor before us may still write. When it has ended this begins anew.
bool LogPipes::is_arena_free() {
    for (UniqueFd* memory : {&outdated_arena_, &arena_descriptors_.memory}) {
        if (!memory->valid()) {
            continue;
        }
        const auto found = forerunner_.end(memory->get(), [this] { start_svlog(); });
        if (!found) {
            journal_.error(
                std::string("svlog: the one of the supervisor before cannot be ended: ") +
                found.error().action + ": " + errno_text(found.error().code) + "; tried again in " +
                text_of(kRetryOfARefusal));
            timer_ = loop_.call_after(kRetryOfARefusal, [this] { start_svlog(); });
        }
        if (!found || *found == SvlogForerunner::Found::Ending) {
            return false;
        }
    }
    outdated_arena_.reset();
    return true;
}

/// Those that leave come first: who has come in place of one writes to the same files.
void LogPipes::tell_all() {
    for (std::uint32_t slot = 0; slot < outputs_.size(); ++slot) {
        if (outputs_[slot].state == Output::State::Leaving) {
            add_task(svlog::MessageType::Add, slot);
            add_task(svlog::MessageType::Remove, slot);
        }
    }
    for (std::uint32_t slot = 0; slot < outputs_.size(); ++slot) {
        if (outputs_[slot].state == Output::State::InUse) {
            add_task(svlog::MessageType::Add, slot);
        }
    }
}

void LogPipes::svlog_ended(std::optional<ExitStatus> status, Duration lived) {
    link_.reset();
    if (finished_) {
        ended_while_finishing(status);
        return;
    }
    const Pacing pacing = pace_restart(short_runs_, lived, kPacing);
    short_runs_ = pacing.short_runs;
    std::string message = "svlog ended after " + text_of(lived);
    if (status) {
        message += " with " + std::string(to_text(*status).view());
    }
    if (pacing.wait == Duration::zero()) {
        journal_.warning(message + "; it is started again");
        start_svlog();
        return;
    }
    const bool is_long = pacing.wait > kPatience;
    journal_.warning(message + "; it is started again in " + text_of(pacing.wait) +
                     (is_long ? ", until then output is kept in memory only"
                              : ", until then output waits in the pipes"));
    if (is_long) {
        step_in();
    }
    timer_ = loop_.call_after(pacing.wait, [this] { start_svlog(); });
}

/// What is still in the pipes is for the next one to write.
void LogPipes::ended_while_finishing(std::optional<ExitStatus> status) {
    if (status && status->is_success()) {
        finished();
        return;
    }
    std::string message = "svlog ended";
    if (status) {
        message += " with " + std::string(to_text(*status).view());
    }
    message += " before it had written everything";
    if (tries_to_finish_ == 0) {
        journal_.error(message);
        finished();
        return;
    }
    --tries_to_finish_;
    journal_.warning(message + "; it is started again");
    start_svlog();
}

void LogPipes::step_in() {
    takeover_.emplace(loop_, arena(), arena_descriptors_, [this] { tell_followers(); });
    tell_all();
}

void LogPipes::finish(std::function<void()> done) {
    finished_ = std::move(done);
    loop_.cancel(std::exchange(timer_, kNoTimer));
    if (!memory_.is_mapped()) {
        timer_ = loop_.call_after(Duration::zero(), [this] { finished(); });
        return;
    }
    if (link_) {
        link_->finish_when_sent();
    } else if (!process_.is_running() && !forerunner_.is_awaited()) {
        loop_.call_after(Duration::zero(), [this] { start_svlog(); });
    }
    timer_ = loop_.call_after(kDrainTimeout, [this] {
        journal_.warning("svlog has not written everything after " + text_of(kDrainTimeout) +
                         "; it is left to itself");
        finished();
    });
}

void LogPipes::finished() {
    loop_.cancel(std::exchange(timer_, kNoTimer));
    tries_to_finish_ = 0;
    std::exchange(finished_, [] {})();
}

// --- what it is told, and says ----------------------------------------------------------------

/// Tells whoever reads the pipes; whoever comes next is told of all of them.
void LogPipes::add_task(svlog::MessageType type, std::uint32_t slot) {
    if (link_) {
        link_->add_task({type, slot});
        return;
    }
    const Output& output = outputs_[slot];
    if (takeover_ && type == svlog::MessageType::Add && output.pipe.read_end.valid()) {
        const auto added = takeover_->add(slot, output.pipe.read_end.get(),
                                          to_svlog(output.settings.get()).memory);
        if (!added) {
            journal_.error(output.name +
                           ": its output is not read: " + errno_text(added.error().code));
        }
    }
}

std::optional<SvlogListener::Outgoing> LogPipes::message_for(const SvlogTask& task) {
    const Output& output = outputs_[task.slot];
    const bool is_removal = task.type == svlog::MessageType::Remove;
    const bool is_addition = task.type == svlog::MessageType::Add;
    const bool is_wanted =
        is_removal ? output.state == Output::State::Leaving : output.state != Output::State::Unused;
    if (!is_wanted || (is_addition && !output.pipe.read_end.valid())) {
        return std::nullopt;
    }
    Outgoing outgoing;
    outgoing.message.type = task.type;
    outgoing.message.slot = task.slot;
    if (!is_removal) {
        outgoing.message.settings = to_svlog(output.settings.get());
    }
    if (is_addition) {
        outgoing.message.text = output.name;
        outgoing.passed = output.pipe.read_end.get();
    }
    return outgoing;
}

void LogPipes::svlog_says(const svlog::Message& message) {
    const bool has_slot = message.slot < outputs_.size();
    switch (message.type) {
        case svlog::MessageType::Removed:
            if (has_slot && outputs_[message.slot].state == Output::State::Leaving) {
                free_output(message.slot);
            }
            break;
        case svlog::MessageType::Refused:
            if (has_slot && outputs_[message.slot].state == Output::State::InUse) {
                refused(message.slot, static_cast<int>(message.number));
            }
            break;
        case svlog::MessageType::Notice:
            journal_.write(message.number == 1 ? Level::Warning : Level::Info,
                           "svlog: " + message.text);
            break;
        case svlog::MessageType::News:
            tell_followers();
            break;
        case svlog::MessageType::Setup:
        case svlog::MessageType::Add:
        case svlog::MessageType::Change:
        case svlog::MessageType::Remove:
        case svlog::MessageType::Finish:
        case svlog::MessageType::Done:
            break;
    }
}

void LogPipes::refused(std::uint32_t slot, int code) {
    journal_.error(outputs_[slot].name + ": svlog does not take its output: " + errno_text(code) +
                   "; tried again in " + text_of(kRetryOfARefusal));
    loop_.call_after(kRetryOfARefusal, [this, slot] { add_task(svlog::MessageType::Add, slot); });
}

/// One that closes the link and stays would be a second writer beside the next one.
void LogPipes::svlog_hung_up() {
    process_.kill();
}

}  // namespace mainstay::supervisor
