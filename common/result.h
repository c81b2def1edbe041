/// A value or an Error (or an error of another type, where a number and a literal do not say
/// enough), with the names of std::expected (which g++ 12 does not have). Never throws:
/// asking a failed Result for its value is a bug of the caller and ends in std::abort.
#pragma once

#include <cstdlib>
#include <optional>
#include <utility>
#include <variant>

#include "common/error.h"

namespace mainstay {

template <typename T, typename E = Error>
class [[nodiscard]] Result {
  public:
    // Both are implicit so that `return value;` and `return Error{…};` read as they should.
    Result(T value) noexcept : content_(std::in_place_index<0>, std::move(value)) {}
    Result(E error) noexcept : content_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& operator*() & noexcept { return checked(std::get_if<0>(&content_)); }
    const T& operator*() const& noexcept { return checked(std::get_if<0>(&content_)); }
    T&& operator*() && noexcept { return std::move(checked(std::get_if<0>(&content_))); }
    T* operator->() noexcept { return &**this; }
    const T* operator->() const noexcept { return &**this; }
    const E& error() const noexcept { return checked(std::get_if<1>(&content_)); }

    T value_or(T fallback) const& noexcept { return has_value() ? **this : std::move(fallback); }

  private:
    template <typename P>
    static P& checked(P* content) noexcept {
        if (content == nullptr) {
            std::abort();
        }
        return *content;
    }

    std::variant<T, E> content_;
};

template <typename E>
class [[nodiscard]] Result<void, E> {
  public:
    Result() noexcept = default;
    Result(E error) noexcept : error_(std::move(error)) {}

    bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    const E& error() const noexcept {
        if (!error_) {
            std::abort();
        }
        return *error_;
    }

  private:
    std::optional<E> error_;
};

}  // namespace mainstay

#define MAINSTAY_JOIN_(a, b) a##b
#define MAINSTAY_JOIN(a, b) MAINSTAY_JOIN_(a, b)

/// `TRY(auto fd, open_read(path));` declares fd, or returns the Error to the caller.
#define TRY(declaration, expression)                                \
    auto MAINSTAY_JOIN(try_result_, __LINE__) = (expression);       \
    if (!MAINSTAY_JOIN(try_result_, __LINE__).has_value()) {        \
        return MAINSTAY_JOIN(try_result_, __LINE__).error();        \
    }                                                               \
    /* NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration */ \
    declaration = std::move(*MAINSTAY_JOIN(try_result_, __LINE__))

/// `TRY_VOID(write_all(fd, text));` returns the Error to the caller.
#define TRY_VOID(expression)                                         \
    do {                                                             \
        if (auto try_void_result = (expression); !try_void_result) { \
            return try_void_result.error();                          \
        }                                                            \
    } while (false)
