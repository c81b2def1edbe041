/// PURE. Writes one JSON object field by field, in the order of the calls. Done by hand because a
/// status of a thousand services is written while the supervisor does nothing else: building a tree
/// first takes ten times as long.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mainstay::protocol {

class JsonObject {
  public:
    /// Keys are ours: they are written as they are. Bytes of values that are not UTF-8 become
    /// U+FFFD; control characters are escaped.
    void add(std::string_view key, std::string_view value);
    void add(std::string_view key, const std::vector<std::string>& values);
    void add(std::string_view key, const JsonObject& value);
    void add(std::string_view key, std::int64_t value);
    void add_bool(std::string_view key, bool value);

    /// The object as a line of the protocol, newline included.
    std::string line() const;

  private:
    void begin(std::string_view key);

    std::string fields_;  ///< what stands between the braces
};

}  // namespace mainstay::protocol
