/// PURE. Reading the fields of a JSON object without exceptions: an absent field leaves the default
/// alone, one of a wrong type or range is remembered as the problem of the whole object. For the
/// protocol's .cpp files only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/enum_words.h"
#include "common/json_reader.h"

namespace mainstay::protocol {

class FieldReader {
  public:
    /// @param object whose fields are read: of a document that outlives this
    explicit FieldReader(const JsonDocument& document, std::uint32_t object = 0) noexcept;

    /// A field of its own kind: to be read on with a reader of its own.
    struct Field {
        std::uint32_t index = 0;
        const JsonNode* node = nullptr;
    };

    /// @returns the field, or nothing where it is absent or null; the last one where there are
    /// several of that name.
    std::optional<Field> find(std::string_view key) const noexcept;
    bool has(std::string_view key) const noexcept { return find(key).has_value(); }

    void read(std::string_view key, std::string& value);
    void read(std::string_view key, bool& value);
    void read(std::string_view key, std::vector<std::string>& value);
    void read(std::string_view key, std::optional<std::chrono::milliseconds>& value);
    void read(std::string_view key, std::chrono::milliseconds& value);
    void read(std::string_view key, std::vector<std::int32_t>& value, std::int64_t min,
              std::int64_t max);

    template <typename Integer>
    void read_number(std::string_view key, Integer& value, std::int64_t min, std::int64_t max) {
        if (const auto number = number_in(key, min, max)) {
            value = static_cast<Integer>(*number);
        }
    }

    template <typename Integer>
    void read_number(std::string_view key, std::optional<Integer>& value, std::int64_t min,
                     std::int64_t max) {
        if (const auto number = number_in(key, min, max)) {
            value = static_cast<Integer>(*number);
        }
    }

    template <typename Enum>
    void read_word(std::string_view key, Enum& value) {
        if (const auto parsed = word<Enum>(key)) {
            value = *parsed;
        }
    }

    template <typename Enum>
    void read_word(std::string_view key, std::optional<Enum>& value) {
        if (const auto parsed = word<Enum>(key)) {
            value = *parsed;
        }
    }

    /// Calls @p read_one with a reader of the object in @p key; what it complains of is a problem
    /// of that key. @returns whether there is one.
    template <typename ReadOne>
    bool read_object(std::string_view key, ReadOne read_one) {
        const auto field = find(key);
        if (!field) {
            return false;
        }
        return read_member(key, *field, "is not an object", read_one);
    }

    /// The same for each object of an array.
    template <typename ReadOne>
    void read_objects(std::string_view key, ReadOne read_one) {
        const auto field = find(key);
        if (!field) {
            return;
        }
        if (field->node->kind != JsonKind::Array) {
            complain(key, "is not an array of objects");
            return;
        }
        for (std::uint32_t at = field->index + 1; at < field->node->next;) {
            const JsonNode& member = document_.node(at);
            if (!read_member(key, {at, &member}, "is not an array of objects", read_one)) {
                return;
            }
            at = member.next;
        }
    }

    /// A field that must be there.
    void require(std::string_view key);

    /// Remembers that something is wrong with @p key; the first problem stays.
    void complain(std::string_view key, std::string_view what);

    bool is_good() const noexcept { return problem_.empty(); }
    const std::string& problem() const noexcept { return problem_; }

  private:
    std::optional<std::string_view> text(std::string_view key);
    std::optional<std::int64_t> number_in(std::string_view key, std::int64_t min, std::int64_t max);
    std::optional<std::int64_t> number_of(std::string_view key, const JsonNode& node,
                                          std::int64_t min, std::int64_t max);

    template <typename Enum>
    std::optional<Enum> word(std::string_view key) {
        const std::optional<std::string_view> found = text(key);
        const auto parsed = found ? parse_enum<Enum>(*found) : std::nullopt;
        if (found && !parsed) {
            complain(key, "has a word that this version does not know");
        }
        return parsed;
    }

    template <typename ReadOne>
    bool read_member(std::string_view key, Field field, std::string_view otherwise,
                     ReadOne read_one) {
        if (field.node->kind != JsonKind::Object) {
            complain(key, otherwise);
            return false;
        }
        FieldReader inner(document_, field.index);
        read_one(inner);
        if (!inner.is_good()) {
            complain(key, inner.problem());
        }
        return inner.is_good();
    }

    const JsonDocument& document_;
    std::uint32_t object_;
    std::uint64_t present_ = 0;  ///< a bit for each key that may be there: most are not
    std::string problem_;
};

}  // namespace mainstay::protocol
