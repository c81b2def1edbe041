/// Containers of fixed capacity, for code that must not touch the heap (PID 1 after boot, a child
/// between clone and exec). What does not fit is refused (vector) or cut off (string), never an
/// error that needs unwinding.
#pragma once

#include <array>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace mainstay {

/// A NUL-terminated string of at most N-1 bytes. Longer content is cut off.
template <std::size_t N>
class FixedString {
  public:
    FixedString() noexcept = default;
    FixedString(std::string_view text) noexcept { append(text); }

    FixedString& append(std::string_view text) noexcept {
        const std::size_t room = N - 1 - size_;
        const std::size_t count = text.size() < room ? text.size() : room;
        if (count != 0) {  // an empty view may have no data at all
            std::memcpy(bytes_.data() + size_, text.data(), count);
        }
        size_ += count;
        bytes_[size_] = '\0';
        return *this;
    }

    [[gnu::format(printf, 2, 3)]] FixedString& append_format(const char* format, ...) noexcept {
        va_list args;
        va_start(args, format);
        append_format_v(format, args);
        va_end(args);
        return *this;
    }

    [[gnu::format(printf, 2, 0)]] void append_format_v(const char* format, va_list args) noexcept {
        // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the caller's va_start is not seen
        const int wanted = std::vsnprintf(bytes_.data() + size_, N - size_, format, args);
        if (wanted > 0) {
            const std::size_t end = size_ + static_cast<std::size_t>(wanted);
            size_ = end < N - 1 ? end : N - 1;
        }
    }

    void clear() noexcept {
        size_ = 0;
        bytes_[0] = '\0';
    }

    const char* c_str() const noexcept { return bytes_.data(); }
    std::string_view view() const noexcept { return {bytes_.data(), size_}; }
    operator std::string_view() const noexcept { return view(); }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    static constexpr std::size_t capacity() noexcept { return N - 1; }

    friend bool operator==(const FixedString& a, std::string_view b) noexcept {
        return a.view() == b;
    }
    friend bool operator==(const FixedString& a, const FixedString& b) noexcept {
        return a.view() == b.view();
    }

  private:
    std::array<char, N> bytes_{};
    std::size_t size_ = 0;
};

/// A vector of at most N elements in place. T must be default-constructible and cheap.
template <typename T, std::size_t N>
class FixedVector {
  public:
    /// @returns false, and changes nothing, when there is no room.
    [[nodiscard]] bool push_back(T value) noexcept {
        if (size_ == N) {
            return false;
        }
        items_[size_++] = static_cast<T&&>(value);
        return true;
    }

    /// The vector must not be empty.
    void pop_back() noexcept { --size_; }
    void clear() noexcept { size_ = 0; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    static constexpr std::size_t capacity() noexcept { return N; }

    T& operator[](std::size_t i) noexcept { return items_[i]; }
    const T& operator[](std::size_t i) const noexcept { return items_[i]; }
    T* begin() noexcept { return items_.data(); }
    T* end() noexcept { return items_.data() + size_; }
    const T* begin() const noexcept { return items_.data(); }
    const T* end() const noexcept { return items_.data() + size_; }
    T* data() noexcept { return items_.data(); }
    const T* data() const noexcept { return items_.data(); }

    friend bool operator==(const FixedVector& a, const FixedVector& b) noexcept {
        if (a.size_ != b.size_) {
            return false;
        }
        for (std::size_t i = 0; i < a.size_; ++i) {
            if (!(a.items_[i] == b.items_[i])) {
                return false;
            }
        }
        return true;
    }

  private:
    std::array<T, N> items_{};
    std::size_t size_ = 0;
};

/// A first-in first-out queue of at most N elements in place.
template <typename T, std::size_t N>
class FixedQueue {
  public:
    /// @returns false, and changes nothing, when there is no room.
    [[nodiscard]] bool push(T value) noexcept {
        if (size_ == N) {
            return false;
        }
        items_[(first_ + size_++) % N] = static_cast<T&&>(value);
        return true;
    }

    /// Takes the oldest element; the queue must not be empty.
    T pop() noexcept {
        T value = static_cast<T&&>(items_[first_]);
        first_ = (first_ + 1) % N;
        --size_;
        return value;
    }

    bool empty() const noexcept { return size_ == 0; }

  private:
    std::array<T, N> items_{};
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

}  // namespace mainstay
