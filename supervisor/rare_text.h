/// PURE. A text that is empty nearly everywhere: takes a pointer's room then, where a std::string
/// would take four.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>

namespace mainstay::supervisor {

class RareText {
  public:
    RareText() noexcept = default;
    RareText(std::string_view text)
        : text_(text.empty() ? nullptr : std::make_unique<const std::string>(text)) {}
    RareText(const std::string& text) : RareText(std::string_view(text)) {}
    RareText(const char* text) : RareText(std::string_view(text)) {}
    RareText(const RareText& other) : RareText(other.text()) {}
    RareText(RareText&& other) noexcept = default;
    RareText& operator=(const RareText& other) { return *this = RareText(other); }
    RareText& operator=(RareText&& other) noexcept = default;
    ~RareText() = default;

    bool empty() const noexcept { return text_ == nullptr; }
    const std::string& text() const noexcept {
        static const std::string none;
        return text_ ? *text_ : none;
    }

    friend bool operator==(const RareText& a, const RareText& b) noexcept {
        return a.text() == b.text();
    }
    template <std::convertible_to<std::string_view> Text>
    friend bool operator==(const RareText& a, const Text& b) noexcept {
        return a.text() == std::string_view(b);
    }

  private:
    std::unique_ptr<const std::string> text_;
};

}  // namespace mainstay::supervisor
