#include <unistd.h>

#include <algorithm>

#include "common/paths.h"
#include "ctl/commands.h"
#include "ctl/lint_report.h"
#include "ctl/run_program.h"

namespace mainstay::ctl {
namespace {

using protocol::ExitCode;

/// One run of svctl lint: the supervisor's check of services, init's of the inittab.
class Lint {
  public:
    Lint(const Invocation& invocation, Output& output) : invocation_(invocation), output_(output) {}

    ExitCode run() {
        check_services();
        check_inittab();
        if (is_json() && exit_ != ExitCode::NoSupervisor) {
            output_.print(report_.take());
        }
        return exit_;
    }

  private:
    bool is_json() const noexcept { return invocation_.format == OutputFormat::Json; }

    void check_services() {
        std::vector<std::string> words{"--check"};
        if (is_json()) {
            words.emplace_back("--json");
        }
        if (!invocation_.root.empty()) {
            words.emplace_back("--root");
            words.push_back(invocation_.root);
        }
        if (!invocation_.path.empty()) {
            words.emplace_back("--");
            words.push_back(invocation_.path);
        }
        execute("supervisor", words, [this](std::string_view line) { report_.add_object(line); });
    }

    /// A directory that was named is checked alone, unless it is that of a system.
    void check_inittab() {
        const std::string inittab = invocation_.root + kInittab;
        const bool is_wanted = invocation_.path.empty() || !invocation_.root.empty();
        if (is_wanted && ::access(inittab.c_str(), F_OK) == 0) {
            execute("init", {"--check", inittab},
                    [this](std::string_view line) { report_.add_text(line); });
        }
    }

    template <typename TakeLine>
    void execute(const char* name, const std::vector<std::string>& words, TakeLine take) {
        const auto program = find_program(name);
        if (!program) {
            complain(std::string("lint needs the program ") + name +
                     ", which is neither beside svctl (../lib/mainstay) nor in PATH");
            return;
        }
        output_.flush();
        const auto ended =
            run_program(*program, words, is_json() ? ProgramOutput::Captured : ProgramOutput::Ours);
        if (!ended) {
            complain(*program + ": " + errno_text(ended.error().code));
            return;
        }
        std::string_view rest = ended->output;
        while (!rest.empty()) {
            take(rest.substr(0, rest.find('\n')));
            rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
        }
        if (ended->exit != 0) {
            exit_ = worse_of(exit_, ExitCode::ServiceFailed);
        }
    }

    void complain(const std::string& message) {
        output_.complain("svctl: " + message + "\n");
        exit_ = ExitCode::NoSupervisor;
    }

    const Invocation& invocation_;
    Output& output_;
    LintReport report_;
    ExitCode exit_ = ExitCode::Done;
};

}  // namespace

ExitCode run_lint(const Invocation& invocation, Output& output) {
    return Lint(invocation, output).run();
}

}  // namespace mainstay::ctl
