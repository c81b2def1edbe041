#include "supervisor/check.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "common/json_writer.h"
#include "common/paths.h"
#include "common/units.h"
#include "supervisor/lint.h"
#include "supervisor/lint_tree.h"

namespace mainstay::supervisor {
namespace {

constexpr int kExitClean = 0;
constexpr int kExitErrors = 1;

std::vector<Problem> cannot_enter(const std::string& root, int code) {
    std::string message = errno_text(code);
    if (code == ENOSYS || code == EPERM) {
        message += "; --root needs openat2(2) of Linux 5.6";
    }
    return {{Severity::Error, root, {}, std::move(message)}};
}

std::vector<Problem> find_problems(const Check& request) {
    const std::string directory = request.directory.empty() ? kServiceDirectory : request.directory;
    if (request.root.empty()) {
        const SearchIn which =
            request.directory.empty() ? SearchIn::System : SearchIn::DirectoryOnly;
        return lint(gather_facts(FileTree(), directory, which));
    }
    const auto tree = FileTree::below(request.root.c_str());
    if (!tree) {
        return cannot_enter(request.root, tree.error().code);
    }
    return lint(gather_facts(*tree, directory, SearchIn::System));
}

std::int64_t count(const std::vector<Problem>& problems, Severity severity) {
    return std::count_if(problems.begin(), problems.end(),
                         [&](const Problem& problem) { return problem.severity == severity; });
}

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string to_json(const Problem& problem) {
    std::string line;
    protocol::JsonObject object(line);
    object.add("file", problem.file);
    object.add("line", std::int64_t{problem.place.line});
    object.add("column", std::int64_t{problem.place.column});
    object.add("severity", to_string(problem.severity));
    object.add("message", problem.message);
    object.end_line();
    return line;
}

std::string text_of_count(std::int64_t number, std::string_view word) {
    return std::string(counted(static_cast<std::uint64_t>(number), word).view());
}

}  // namespace

int check_services(const Check& request) {
    const std::vector<Problem> problems = find_problems(request);
    for (const Problem& problem : problems) {
        print(request.format == ReportFormat::Json ? to_json(problem) : to_line(problem) + "\n");
    }
    const std::int64_t errors = count(problems, Severity::Error);
    const std::int64_t warnings = count(problems, Severity::Warning);
    if (request.format == ReportFormat::Json) {
        std::string line;
        protocol::JsonObject end(line);
        end.add_bool("done", true);
        end.add("errors", errors);
        end.add("warnings", warnings);
        end.end_line();
        print(line);
    } else {
        print(text_of_count(errors, "error") + ", " + text_of_count(warnings, "warning") + "\n");
    }
    return errors > 0 ? kExitErrors : kExitClean;
}

}  // namespace mainstay::supervisor
