#include "init/root_worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "common/fd_io.h"
#include "init/root_finder.h"

namespace mainstay::init {

static_assert(std::is_trivially_copyable_v<RootReport>, "it goes through a pipe as it is");
static_assert(sizeof(RootReport) <= 4096, "a write of this size to a pipe is atomic");

void ReportPipe::tell(const RootReport& report) const noexcept {
    const auto* bytes = reinterpret_cast<const char*>(&report);
    (void)write_all(fd_, {bytes, sizeof report}).has_value();
}

Result<void> RootWorker::start(const Cmdline& cmdline, const BreakPoints& passed, Log& log,
                               const BirthLimits& limits) noexcept {
    TRY(Pipe pipe, make_pipe(O_NONBLOCK));
    TRY(const pid_t pid, fork_child(limits));
    if (pid == 0) {
        const ReportPipe reports(pipe.write_end.get());
        reports.tell(RootFinder(cmdline, passed, reports, log).run());
        ::_exit(0);
    }
    pid_ = pid;
    report_ = std::move(pipe.read_end);
    last_ = RootReport{};
    last_.cause =
        std::string_view("The process that was to find the root file system died without a word.");
    return {};
}

/// A report is there whole or not at all; this waits for neither.
bool RootWorker::take_report(RootReport& report) noexcept {
    std::array<char, sizeof(RootReport)> bytes;
    const auto text = read_up_to(report_.get(), bytes);
    if (!text || text->size() != sizeof report) {
        report_.reset();
        return false;
    }
    std::memcpy(&report, bytes.data(), sizeof report);
    return true;
}

RootWorker::Heard RootWorker::hear() noexcept {
    RootReport report;
    if (!take_report(report)) {
        return Heard::Nothing;
    }
    if (is_last(report.outcome)) {
        last_ = report;
        return Heard::Nothing;
    }
    return report.outcome == RootReport::Outcome::Checking ? Heard::Checking : Heard::Checked;
}

RootReport RootWorker::finish() noexcept {
    pid_ = 0;
    while (report_.valid()) {
        (void)hear();
    }
    return last_;
}

void RootWorker::kill() const noexcept {
    if (pid_ != 0) {
        ::kill(pid_, SIGKILL);
    }
}

}  // namespace mainstay::init
