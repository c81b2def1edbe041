/// PURE. Reading the fields of a JSON object without exceptions: an absent field leaves the default
/// alone, one of a wrong type or range is remembered as the problem of the whole object. For the
/// protocol's .cpp files only: it pulls in json.hpp, which costs seconds to compile.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/enum_words.h"

namespace mainstay::protocol {

using Json = nlohmann::json;

/// @returns a discarded value (is_object() is false) for what is not JSON.
Json parse_json(std::string_view text);

class FieldReader {
  public:
    explicit FieldReader(const Json& object) noexcept : object_(object) {}

    /// @returns the field, or nothing where it is absent or null.
    const Json* find(const char* key) const;

    /// @returns the field where it is an object; complains where it is something else.
    const Json* find_object(const char* key);

    void read(const char* key, std::string& value);
    void read(const char* key, bool& value);
    void read(const char* key, std::vector<std::string>& value);
    void read(const char* key, std::optional<std::chrono::milliseconds>& value);
    void read(const char* key, std::chrono::milliseconds& value);

    template <typename Integer>
    void read_number(const char* key, Integer& value, std::int64_t min, std::int64_t max) {
        if (const auto number = number_in(key, min, max)) {
            value = static_cast<Integer>(*number);
        }
    }

    template <typename Enum>
    void read_word(const char* key, Enum& value) {
        const std::optional<std::string> word = text(key);
        if (!word) {
            return;
        }
        if (const auto parsed = parse_enum<Enum>(*word)) {
            value = *parsed;
        } else {
            complain(key, "has a word that this version does not know");
        }
    }

    /// A field that must be there.
    void require(const char* key);

    /// Remembers that something is wrong with @p key; the first problem stays.
    void complain(const char* key, std::string_view what);

    bool is_good() const noexcept { return problem_.empty(); }
    const std::string& problem() const noexcept { return problem_; }

  private:
    std::optional<std::string> text(const char* key);
    std::optional<std::int64_t> number_in(const char* key, std::int64_t min, std::int64_t max);

    const Json& object_;
    std::string problem_;
};

}  // namespace mainstay::protocol
