#include "ctl/lint_report.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "common/json_fields.h"
#include "common/json_writer.h"
#include "ctl/format_json.h"

namespace mainstay::ctl {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

/// Takes a number and the colon behind it from the front of @p text; 0 where there is none.
std::int64_t take_number(std::string_view& text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ':') {
        return 0;
    }
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()) + 1);
    return number;
}

}  // namespace

void LintReport::add_object(std::string_view line) {
    const protocol::JsonDocument document(line);
    if (!document.is_object()) {
        return;
    }
    protocol::FieldReader fields(document);
    if (!fields.has("done")) {
        lines_.append(format_json(line));
        return;
    }
    std::int64_t errors = 0;
    std::int64_t warnings = 0;
    fields.read_number("errors", errors, 0, kMost);
    fields.read_number("warnings", warnings, 0, kMost);
    errors_ += errors;
    warnings_ += warnings;
}

void LintReport::add_text(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
        return;
    }
    std::string_view rest = line.substr(colon + 1);
    const std::int64_t number = take_number(rest);
    const std::int64_t column = number == 0 ? 0 : take_number(rest);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (rest.starts_with("read the way of ")) {
        return;  // no problem: in which style the file was read
    }
    std::string object_line;
    protocol::JsonObject object(object_line);
    object.add("file", line.substr(0, colon));
    object.add("line", number);
    object.add("column", column);
    object.add("severity", "error");
    object.add("message", rest);
    object.end();
    lines_.append(format_json(object_line));
    ++errors_;
}

std::string LintReport::take() {
    protocol::JsonObject object(lines_);
    object.add_bool("done", true);
    object.add("errors", errors_);
    object.add("warnings", warnings_);
    object.end_line();
    return std::move(lines_);
}

}  // namespace mainstay::ctl
