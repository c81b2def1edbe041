#include <sys/stat.h>

#include "common/program_memory.h"
#include "init/machine.h"

// The part of the machine that puts another program in its own place.

namespace mainstay::init {

void Machine::start_upgrade() noexcept {
    if (upgrade_.runs() || state_.phase == Phase::Ended) {
        log_.notice("%s", upgrade_.runs() ? "an upgrade is under way already" : "too late for it");
        return;
    }
    const char* const path = program_path();
    if (memory_.fd() < 0) {
        log_.error(
            "%s: the kernel has no memfd to keep the state in; going on with the old program",
            path);
        return;
    }
    if (const auto started = upgrade_.start(path, log_, limits_); !started) {
        log_.error("%s: %s: %s; going on with the old program", path, started.error().action,
                   errno_text(started.error().code));
    }
}

/// Where the file of this program is deleted, or another was put in its place, a helper copies it.
void Machine::prepare_copy() noexcept {
    struct stat info {};
    program_copy_.reset();
    if (memory_.fd() < 0 || ::fstat(program_.get(), &info) != 0 || info.st_nlink > 0 ||
        is_whole_program(program_.get())) {
        return;
    }
    auto copy = make_program_memory("init");
    if (!copy) {
        log_.warning("%s was replaced; %s: %s; its disk may not become clean", program_path(),
                     copy.error().action, errno_text(copy.error().code));
        return;
    }
    program_copy_ = std::move(*copy);
}

/// At the end of a turn, when all that happened was dealt with.
void Machine::handle_program() noexcept {
    prove_worth();
    if (next_program_.valid()) {
        execute(std::move(next_program_));
    } else if (program_copy_.valid() && is_going_down(state_) && state_.phase > Phase::Sync) {
        UniqueFd copy = std::move(program_copy_);
        if (is_whole_program(copy.get())) {
            log_.info("%s was replaced; going on from a copy in memory", program_path());
            execute(std::move(copy));
        }
    }
}

void Machine::execute(UniqueFd program) noexcept {
    if (state_.phase == Phase::Ended) {
        return;
    }
    previous_ = std::move(program_);
    program_ = std::move(program);
    save();
    const int code = execute_program(program_.get(), memory_.fd(), previous_.get());
    log_.error("%s: exec: %s; going on with the old program", program_path(), errno_text(code));
    program_ = std::move(previous_);
}

/// A whole turn was survived: the program before this one is not needed any more.
void Machine::prove_worth() noexcept {
    if (previous_.valid()) {
        previous_.reset();
        save();
        set_recovery(memory_.fd(), program_.get());
    }
}

}  // namespace mainstay::init
