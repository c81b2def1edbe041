#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "init/machine.h"

// The part of the machine that writes down what must outlive the program, and reads what another
// program wrote down.

namespace mainstay::init {
namespace {

static_assert(SupervisorPacing::kBurst == Pid1Block::kMaxStarts);

std::int64_t count_of(MonotonicTime time) noexcept {
    return time.time_since_epoch().count();
}

std::int64_t count_of(const std::optional<MonotonicTime>& time) noexcept {
    return time ? count_of(*time) : kNoTime;
}

MonotonicTime time_of(std::int64_t count) noexcept {
    return MonotonicTime(Duration(count));
}

std::optional<MonotonicTime> optional_time_of(std::int64_t count) noexcept {
    return count == kNoTime ? std::nullopt : std::optional(time_of(count));
}

/// Running, or ended and not reaped yet.
bool is_child(pid_t pid) noexcept {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

const char* helper_name(Phase phase) noexcept {
    if (phase == Phase::Sync) {
        return "sync";
    }
    return phase == Phase::SwapOff ? "swapoff" : "unmounting";
}

}  // namespace

// ---- writing ------------------------------------------------------------------------------------

void Machine::save() noexcept {
    table_.save_slots();
    const Pid1Block block = to_block();
    if (saves_ == 0 || std::memcmp(&block, &saved_, sizeof block) != 0) {
        write_block(memory_.slots(), block, ++saves_);
        saved_ = block;
    }
}

Pid1Block Machine::to_block() noexcept {
    Pid1Block block = empty_block();
    KeptPart& kept = block.kept;
    kept.descriptors.program = program_.get();
    kept.descriptors.previous = previous_.get();
    kept.descriptors.keeper = keeper_.memory();
    kept.descriptors.proc = proc_.get();
    kept.descriptors.watchdog = watchdog_.fd();
    kept.descriptors.kernel_log = log_.kernel_log_fd();
    kept.descriptors.console = log_.console_fd();
    kept.descriptors.initctl = initctl_.fd();
    kept.table = table_.place();
    kept.supervisor_pid = supervisor_pid_;
    kept.waited_pid = waited_ ? waited_->pid : 0;
    kept.helper_pid = helper_.pid();
    kept.in_container = options_.in_container ? 1 : 0;
    kept.request = static_cast<std::uint8_t>(state_.request);
    save_state(block);
    save_waited(block);
    return block;
}

void Machine::save_state(Pid1Block& block) const noexcept {
    block.phase = static_cast<std::uint8_t>(state_.phase);
    block.paused = state_.paused ? 1 : 0;
    block.reload_waits = state_.reload_waits ? 1 : 0;
    block.round = state_.round;
    block.generation = state_.generation;
    block.press_count = static_cast<std::uint8_t>(state_.presses.size());
    for (std::size_t i = 0; i < state_.presses.size(); ++i) {
        block.presses[i] = count_of(state_.presses[i]);
    }
    block.on_console = log_.is_on_console() ? 1 : 0;
    const auto& starts = supervisor_pacing_.starts();
    block.start_count = static_cast<std::uint8_t>(starts.size());
    block.oldest_start = static_cast<std::uint8_t>(supervisor_pacing_.oldest());
    for (std::size_t i = 0; i < starts.size(); ++i) {
        block.starts[i] = count_of(starts[i]);
    }
    block.nofile_soft = limits_.nofile().rlim_cur;
    block.nofile_hard = limits_.nofile().rlim_max;
    block.watchdog_seconds = watchdog_.seconds();
    block.shutdown_timeout = options_.shutdown_timeout.count();
    block.terminate_seconds = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(terminate_limit_).count());
    block.deadline = count_of(deadline_);
    block.level_patience = state_.level.patience.count();
    block.level = static_cast<std::uint8_t>(state_.level.current);
    block.previous_level = static_cast<std::uint8_t>(state_.level.previous);
    block.first_level = static_cast<std::uint8_t>(options_.first_level);
    block.has_booted = state_.level.has_booted ? 1 : 0;
    block.level_kills = state_.level.kills ? 1 : 0;
    block.level_then = static_cast<std::uint8_t>(state_.level.then);
    block.is_up = is_up_ ? 1 : 0;
    std::copy(variables_.bytes().begin(), variables_.bytes().end(), block.variables);
    block.shutdown_limit = count_of(shutdown_limit_);
}

void Machine::save_waited(Pid1Block& block) const noexcept {
    block.cursor = static_cast<std::uint32_t>(cursor_);
    block.cursor_class = static_cast<std::uint8_t>(cursor_class_);
    block.cursor_key = cursor_ > 0 ? table_.key_at(cursor_ - 1) : 0;
    if (waited_) {
        block.waits = 1;
        block.waited_class = static_cast<std::uint8_t>(waited_->entry_class);
        block.waited_key = table_.key_at(waited_->index);
        block.waited_tries = waited_->tries;
        block.waited_since = count_of(waited_->since);
        block.waited_retry_at = count_of(waited_->retry_at);
    }
    for (std::size_t i = 0; i < leaving_.size(); ++i) {
        block.leaving[i] = {count_of(leaving_[i].kill_at), leaving_[i].pid, 0};
    }
}

// ---- reading ------------------------------------------------------------------------------------

void Machine::resume(Continuation continuation) noexcept {
    const Pid1Block& block = continuation.read.block;
    program_ = std::move(continuation.program);
    previous_ = std::move(continuation.previous);
    proc_ = std::move(continuation.proc);
    // Petted at once, and on at the shortest pace if that is not known.
    watchdog_.adopt(std::move(continuation.watchdog),
                    block.watchdog_seconds != 0 ? block.watchdog_seconds : 1);
    const bool knows_all =
        continuation.read.trust == Trust::All && continuation.recovery == Recovery::Resume;
    if (knows_all) {
        restore_state(block);
    }
    restore_table(continuation);
    restore_level(block);
    if (knows_all) {
        restore_waited(block);
    }
    restore_supervisor(block.kept);
    helper_.adopt(block.kept.helper_pid, helper_name(state_.phase));
    adopt_newborn();
    if (!knows_all) {
        take_boot_for_done();
    }
    initctl_.adopt(std::move(continuation.initctl));
    initctl_.ensure(table_.style(), log_);
    // Closed when this is done: until it is saved, a fault goes back to the old state, which names
    // it.
    const UniqueFd former_keeper = std::move(continuation.keeper);
    if (!keeper_.take_over(former_keeper.get(), log_)) {
        log_.error(
            "what was kept for the supervisor is of a version that is not known: it is lost");
    }
    save();
    set_recovery(memory_.fd(), previous_.valid() ? previous_.get() : program_.get());
    notice_the_dead();
    if (!knows_all) {
        const auto request = static_cast<Request>(block.kept.request);
        post(request != Request::None ? Event{Requested{request}} : Event{ResumeAsked{}});
    } else if (continuation.start == Start::Recovering) {
        post(Recovered{});
    }
    reap();
}

void Machine::restore_state(const Pid1Block& block) noexcept {
    state_.phase = static_cast<Phase>(block.phase);
    state_.request = static_cast<Request>(block.kept.request);
    state_.paused = block.paused != 0;
    state_.reload_waits = block.reload_waits != 0;
    state_.round = block.round;
    state_.generation = block.generation;
    for (std::size_t i = 0; i < block.press_count; ++i) {
        (void)state_.presses.push_back(time_of(block.presses[i]));
    }
    SupervisorPacing::Starts starts;
    for (std::size_t i = 0; i < block.start_count; ++i) {
        (void)starts.push_back(time_of(block.starts[i]));
    }
    supervisor_pacing_.restore(starts, block.oldest_start);
    options_.shutdown_timeout = Duration(block.shutdown_timeout);
    if (block.terminate_seconds != 0) {
        terminate_limit_ = std::chrono::seconds(block.terminate_seconds);
    }
    deadline_ = optional_time_of(block.deadline);
    shutdown_limit_ = optional_time_of(block.shutdown_limit);
    if (is_going_down(state_) && !shutdown_limit_) {
        shutdown_limit_ = monotonic_now() + options_.shutdown_timeout;
    }
    for (const SavedLeaving& leaving : block.leaving) {
        if (leaving.pid != 0) {
            (void)leaving_.push_back({leaving.pid, time_of(leaving.kill_at)});
        }
    }
    if (block.on_console != 0) {
        log_.show_on_console();
    }
}

/// A state that faults when it is read would do so again: after a second fault not even the text of
/// the table is trusted.
void Machine::restore_table(const Continuation& continuation) noexcept {
    const TablePlace& place = continuation.read.block.kept.table;
    const auto image = continuation.image.bytes();
    const bool is_trusted = continuation.recovery == Recovery::Resume;
    if (!is_trusted || !table_.restore_text(image, place, options_.style, log_)) {
        load_table();
    }
    table_.restore_slots(image, place, [this](pid_t pid) {
        log_.warning("pid %d belongs to no entry any more: ending it", pid);
        ::kill(-pid, SIGTERM);
        ::kill(-pid, SIGCONT);
    });
}

/// What is not known, of a program that knew no levels, is taken for what the file says.
void Machine::restore_level(const Pid1Block& block) noexcept {
    Runlevel& level = state_.level;
    is_up_ = block.is_up != 0 || state_.phase == Phase::Running;
    options_.first_level = static_cast<char>(block.first_level);
    variables_.restore(block.variables);
    if (table_.style() == InittabStyle::Sysvinit && block.level == 0) {
        const bool is_early = state_.phase == Phase::New || state_.phase == Phase::Sysinit;
        level.current = is_early ? kSysinitLevel : table_.default_level();
        level.has_booted = !is_early;
    } else if (table_.style() == InittabStyle::Sysvinit) {
        level.current = static_cast<char>(block.level);
        level.previous = static_cast<char>(block.previous_level);
        level.has_booted = block.has_booted != 0;
        level.kills = block.level_kills != 0;
        level.then = static_cast<Request>(block.level_then);
        level.patience = Duration(block.level_patience);
    }
    table_.set_level(level.current);
}

void Machine::restore_waited(const Pid1Block& block) noexcept {
    cursor_class_ = static_cast<EntryClass>(block.cursor_class);
    cursor_ = block.cursor;
    const std::size_t count = table_.entries().size();
    if (block.cursor_key != 0 && table_.key_at(cursor_ - 1) != block.cursor_key) {
        const std::size_t before = table_.find_key(block.cursor_key, 0);
        cursor_ = before < count ? before + 1 : cursor_;
    }
    if (block.waits == 0) {
        return;
    }
    const std::size_t index =
        table_.find_key(block.waited_key, cursor_ > 0 && cursor_ <= count ? cursor_ - 1 : 0);
    if (index < count) {
        waited_ = Waited{index,
                         static_cast<EntryClass>(block.waited_class),
                         block.kept.waited_pid,
                         block.waited_tries,
                         time_of(block.waited_since),
                         time_of(block.waited_retry_at)};
    }
}

void Machine::restore_supervisor(const KeptPart& kept) noexcept {
    supervisor_pid_ = kept.supervisor_pid;
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        if (table_.entries()[i].action == Action::Supervise && table_.slots()[i].pid != 0) {
            supervisor_pid_ = table_.slots()[i].pid;
        }
    }
}

/// A process that boot or shutdown waits for may have been started just before the fault: the table
/// then knows its birth, and nothing else does.
void Machine::adopt_newborn() noexcept {
    if (state_.phase == Phase::ChangeLevel) {
        return;  // boot waits for nobody while what runs is being ended
    }
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        const EntryClass found = table_.class_at(i);
        const bool is_waited_for = found == EntryClass::Sysinit || found == EntryClass::Wait ||
                                   found == EntryClass::Shutdown;
        if (!is_waited_for || table_.slots()[i].pid == 0) {
            continue;
        }
        const pid_t pid = std::exchange(table_.slot(i).pid, 0);
        if (found == cursor_class_ && i >= cursor_ && !waited_ && is_child(pid)) {
            waited_ = Waited{i, found, pid, 0, monotonic_now(), {}};
            cursor_ = i + 1;
        }
    }
}

/// Only pids and descriptors are known.
void Machine::take_boot_for_done() noexcept {
    state_.phase = Phase::Running;
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        const EntryClass found = table_.class_at(i);
        const bool is_wait = found == EntryClass::Wait && table_.style() == InittabStyle::Sysvinit;
        if (found == EntryClass::Once || is_wait) {
            table_.slot(i).is_over = true;
        }
    }
}

/// Whoever was reaped just before the fault, its end is known to nobody.
void Machine::notice_the_dead() noexcept {
    if (supervisor_pid_ != 0 && !is_child(supervisor_pid_)) {
        bury_supervisor(ExitStatus::unknown(), 0);
    }
    if (waited_ && waited_->pid != 0 && !is_child(waited_->pid)) {
        forget_waited();
    }
    if (helper_.runs() && !is_child(helper_.pid())) {
        helper_.ended();
    }
    for (Leaving& leaving : leaving_) {
        if (leaving.pid != 0 && !is_child(leaving.pid)) {
            leaving = {};
        }
    }
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        const pid_t pid = table_.slots()[i].pid;
        if (pid != 0 && !is_child(pid)) {
            handle_entry_exit(i, std::nullopt);
        }
    }
}

}  // namespace mainstay::init
