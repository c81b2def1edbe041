#include "supervisor/listen_point.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "common/nearest.h"

namespace mainstay::supervisor {
namespace {

using Kind = ListenPoint::Kind;
using Fault = std::optional<ConfFault>;

constexpr std::size_t kLongestName = 255;  // FDNAME_MAX of sd_listen_fds(3)
constexpr std::uint32_t kMostBacklog = 0x7fffffff;
constexpr std::array kKinds{Kind::Tcp,          Kind::Udp,           Kind::Unix,
                            Kind::UnixDatagram, Kind::UnixSeqpacket, Kind::Fifo};
constexpr std::array<std::string_view, 6> kOptions{"name",  "mode",    "user",
                                                   "group", "backlog", "on-demand"};

template <typename Number>
bool read_number(std::string_view text, Number most, Number& number, int base = 10) noexcept {
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number, base);
    return error == std::errc() && rest == end && number <= most;
}

/// The address as everybody writes it, so that two of the same are the same text; empty for what
/// is none.
std::string canonical(int family, const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    std::array<char, INET6_ADDRSTRLEN> written{};
    const bool is_one =
        ::inet_pton(family, text.c_str(), bytes.data()) == 1 &&
        ::inet_ntop(family, bytes.data(), written.data(), written.size()) != nullptr;
    return is_one ? written.data() : std::string();
}

class PointParser {
  public:
    PointParser(const std::vector<ConfWord>& words, ListenPoint& into)
        : words_(words), point_(into) {}

    Fault parse() {
        if (Fault fault = take_place(words_.front())) {
            return fault;
        }
        for (std::size_t i = 1; i < words_.size(); ++i) {
            if (Fault fault = take_option(words_[i])) {
                return fault;
            }
        }
        return {};
    }

  private:
    static ConfFault fault(const ConfWord& word, std::string message) {
        return {word.offset, std::move(message)};
    }

    Fault take_place(const ConfWord& word) {
        const std::size_t colon = word.text.find(':');
        const std::string_view kind = std::string_view(word.text).substr(0, colon);
        const auto* known = std::find_if(kKinds.begin(), kKinds.end(),
                                         [&](Kind each) { return to_string(each) == kind; });
        if (colon == std::string::npos || known == kKinds.end()) {
            return ConfFault{word.offset, {}};
        }
        point_.kind = *known;
        const std::string place = word.text.substr(colon + 1);
        return has_path(*known) ? take_path(word, place) : take_address(word, place);
    }

    Fault take_path(const ConfWord& word, const std::string& path) {
        if (path.size() < 2 || path.front() != '/' || path.back() == '/') {
            return fault(word, "'" + path + "' is no absolute path of a file");
        }
        if (point_.kind != Kind::Fifo && path.size() > kLongestSocketPath) {
            return fault(word, "a socket's path has at most " + std::to_string(kLongestSocketPath) +
                                   " bytes; this one has " + std::to_string(path.size()));
        }
        point_.path = path;
        return {};
    }

    Fault take_address(const ConfWord& word, const std::string& place) {
        const bool has_brackets = place.starts_with('[');
        const std::size_t bracket = place.find(']');
        const std::size_t colon = place.rfind(':');
        const bool has_port =
            colon != std::string::npos && colon > 0 && (!has_brackets || colon == bracket + 1);
        if (!has_port) {
            return fault(word,
                         "the port is missing: write ADDRESS:PORT, as in 127.0.0.1:80 or "
                         "[::1]:80");
        }
        const std::string host =
            has_brackets ? place.substr(1, bracket - 1) : place.substr(0, colon);
        if (!has_brackets && host.find(':') != std::string::npos) {
            return fault(word, "an IPv6 address stands in brackets, as in [::1]:80");
        }
        point_.address = canonical(has_brackets ? AF_INET6 : AF_INET, host);
        if (point_.address.empty()) {
            return fault(word, "'" + host +
                                   "' is no address, and names are not looked up; 0.0.0.0 and [::] "
                                   "are all addresses of this machine");
        }
        const std::string_view port = std::string_view(place).substr(colon + 1);
        if (!read_number<std::uint16_t>(port, 65535, point_.port) || point_.port == 0) {
            return fault(word, "'" + std::string(port) + "' is no port: a number from 1 to 65535");
        }
        return {};
    }

    Fault take_option(const ConfWord& word) {
        const std::size_t equals = word.text.find('=');
        const std::string_view text = word.text;
        const std::string_view key = text.substr(0, equals);
        const auto* known = std::find(kOptions.begin(), kOptions.end(), key);
        if (equals == std::string::npos || known == kOptions.end()) {
            const std::string_view nearest = nearest_word(key, kOptions);
            return fault(word, "'" + word.text + "' is no option" +
                                   (nearest.empty()
                                        ? "; there are name=, mode=, user=, group=, backlog= and "
                                          "on-demand="
                                        : "; did you mean " + std::string(nearest) + "=?"));
        }
        bool& given = given_[static_cast<std::size_t>(known - kOptions.begin())];
        if (std::exchange(given, true)) {
            return fault(word, std::string(key) + "= is given twice");
        }
        return take_value(word, key, text.substr(equals + 1));
    }

    Fault take_value(const ConfWord& word, std::string_view key, std::string_view value) {
        const bool is_of_files = key == "mode" || key == "user" || key == "group";
        if (is_of_files && !has_path(point_.kind)) {
            return fault(word, std::string(key) + "= is for files; " +
                                   std::string(to_string(point_.kind)) + " has none");
        }
        if (key == "backlog" && !has_connections(point_.kind)) {
            return fault(word, "backlog= is for connections; " +
                                   std::string(to_string(point_.kind)) + " has none");
        }
        std::string_view takes;
        if (!is_taken(key, value, takes)) {
            return fault(word, std::string(key) + "=" + std::string(value) + " is not " +
                                   std::string(takes));
        }
        return {};
    }

    bool is_taken(std::string_view key, std::string_view value, std::string_view& takes) {
        if (key == "name") {
            takes = "1 to 255 printable characters without blank and colon";
            point_.name = value;
            return is_descriptor_name(value);
        }
        if (key == "mode") {
            takes = "an octal number from 0 to 0777";
            return read_number<std::uint32_t>(value, 0777, point_.mode, 8);
        }
        if (key == "user" || key == "group") {
            takes = "a name or number";
            (key == "user" ? point_.user : point_.group) = value;
            return !value.empty();
        }
        if (key == "backlog") {
            takes = "a number from 1 to 2147483647";
            return read_number(value, kMostBacklog, point_.backlog) && point_.backlog > 0;
        }
        takes = "yes or no";
        point_.on_demand = value == "yes";
        return value == "yes" || value == "no";
    }

    const std::vector<ConfWord>& words_;
    ListenPoint& point_;
    std::array<bool, kOptions.size()> given_{};
};

}  // namespace

std::string_view to_string(ListenPoint::Kind kind) noexcept {
    switch (kind) {
        case Kind::Tcp:
            return "tcp";
        case Kind::Udp:
            return "udp";
        case Kind::Unix:
            return "unix";
        case Kind::UnixDatagram:
            return "unix-dgram";
        case Kind::UnixSeqpacket:
            return "unix-seqpacket";
        case Kind::Fifo:
            return "fifo";
    }
    return "";
}

std::string to_string(const ListenPoint& point) {
    std::string text(to_string(point.kind));
    if (has_path(point.kind)) {
        return text.append(":").append(point.path);
    }
    const bool has_brackets = point.address.find(':') != std::string::npos;
    text.append(has_brackets ? ":[" : ":").append(point.address).append(has_brackets ? "]:" : ":");
    return text.append(std::to_string(point.port));
}

bool is_same_place(const ListenPoint& a, const ListenPoint& b) noexcept {
    return a.kind == b.kind && a.address == b.address && a.port == b.port && a.path == b.path;
}

Fault parse_listen_point(const std::vector<ConfWord>& words, ListenPoint& into) {
    return PointParser(words, into).parse();
}

bool is_descriptor_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= kLongestName &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return c > ' ' && c < '\x7f' && c != ':'; });
}

std::string default_descriptor_name(std::string_view service) {
    std::string name(service.substr(0, kLongestName));
    for (char& c : name) {
        c = c > ' ' && c < '\x7f' && c != ':' ? c : '_';
    }
    return name;
}

std::string words_of_waiting(const std::vector<ListenPoint>& points) {
    std::string text;
    for (const ListenPoint& point : points) {
        if (point.on_demand) {
            text.append(text.empty() ? "waiting for a connection on " : ", ")
                .append(to_string(point));
        }
    }
    return text;
}

}  // namespace mainstay::supervisor
