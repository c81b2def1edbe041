#include "init/container_options.h"

#include <getopt.h>

#include <cerrno>
#include <charconv>
#include <csignal>

#include "common/units.h"

namespace mainstay::init {
namespace {

using Ask = ContainerRequest::Ask;

constexpr int kGraceOption = 256;
constexpr int kServicesOption = 257;

/// "+" ends the options at the first word that is none; ":" tells a missing argument from others.
struct Grammar {
    const char* letters;
    const option* words;
};

constexpr option kNoWords[] = {{nullptr, 0, nullptr, 0}};
constexpr option kOwnWords[] = {{"grace", required_argument, nullptr, kGraceOption},
                                {"services", optional_argument, nullptr, kServicesOption},
                                {"rewrite", required_argument, nullptr, 'r'},
                                {"help", no_argument, nullptr, 'h'},
                                {"version", no_argument, nullptr, 'V'},
                                {nullptr, 0, nullptr, 0}};
constexpr option kDumbInitWords[] = {
    {"help", no_argument, nullptr, 'h'},          {"single-child", no_argument, nullptr, 'c'},
    {"rewrite", required_argument, nullptr, 'r'}, {"verbose", no_argument, nullptr, 'v'},
    {"version", no_argument, nullptr, 'V'},       {nullptr, 0, nullptr, 0}};
constexpr option kCatatonitWords[] = {{"version", no_argument, nullptr, 'V'},
                                      {nullptr, 0, nullptr, 0}};

Grammar grammar_of(ContainerStyle style) noexcept {
    switch (style) {
        case ContainerStyle::Own:
            return {"+:p:hvwge:sr:", kOwnWords};
        case ContainerStyle::Tini:
            return {":p:hvwgle:s", kNoWords};
        case ContainerStyle::DumbInit:
            return {"+:hvVcr:", kDumbInitWords};
        case ContainerStyle::Catatonit:
            return {":ghLPV", kCatatonitWords};
    }
    return {"", kNoWords};
}

std::optional<int> number_in(std::string_view text, int least, int most) noexcept {
    int number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = failure == std::errc() && end == text.data() + text.size();
    return is_whole && number >= least && number <= most ? std::optional(number) : std::nullopt;
}

void louder(Verbosity& verbosity) noexcept {
    if (verbosity != Verbosity::Trace) {
        verbosity = static_cast<Verbosity>(static_cast<int>(verbosity) + 1);
    }
}

class Reader {
  public:
    Reader(ContainerStyle style, int argc, char** argv) noexcept : argc_(argc), argv_(argv) {
        ContainerOptions& options = request_.options;
        options.style = style;
        options.new_session = style == ContainerStyle::DumbInit;
        options.is_subreaper = style == ContainerStyle::Own || style == ContainerStyle::Catatonit;
        if (style == ContainerStyle::DumbInit || style == ContainerStyle::Catatonit) {
            options.verbosity = Verbosity::Silent;
        }
    }

    ContainerRequest read(const ContainerVariables& variables) noexcept {
        if (is_tini_version()) {
            request_.ask = Ask::Version;
            return request_;
        }
        const Grammar grammar = grammar_of(style());
        ::optind = 0;  // from the beginning, whatever was read before
        ::opterr = 0;
        int found = 0;
        while (request_.ask == Ask::Run && (found = ::getopt_long(argc_, argv_, grammar.letters,
                                                                  grammar.words, nullptr)) != -1) {
            take(found);
        }
        if (request_.ask == Ask::Run) {
            take_variables(variables);
            take_command();
            set_defaults();
        }
        return request_;
    }

  private:
    ContainerStyle style() const noexcept { return request_.options.style; }

    /// tini knows this word only where it stands alone.
    bool is_tini_version() const noexcept {
        return style() == ContainerStyle::Tini && argc_ == 2 &&
               std::string_view(argv_[1]) == "--version";
    }

    void take(int found) noexcept {
        ContainerOptions& options = request_.options;
        switch (found) {
            case 'h':
                request_.ask = Ask::Help;
                break;
            case 'V':
                request_.ask = Ask::Version;
                break;
            case 'l':
            case 'L':
                request_.ask = Ask::License;
                break;
            case 's':
                options.is_subreaper = true;
                break;
            case 'g':
                options.to_group = true;
                break;
            case 'w':
                options.warns_of_reaped = true;
                break;
            case 'c':
                options.new_session = false;
                break;
            case 'P':
                options.pauses = true;
                break;
            case 'v':
                take_verbose();
                break;
            default:
                take_with_argument(found);
        }
    }

    void take_verbose() noexcept {
        if (style() == ContainerStyle::DumbInit) {
            request_.options.verbosity = Verbosity::Debug;
        } else {
            louder(request_.options.verbosity);
        }
    }

    /// tini takes what strtol(3) takes: blanks and a sign before it, and nothing at all for 0.
    std::optional<int> exit_code_in(std::string_view text) const noexcept {
        if (style() == ContainerStyle::Tini) {
            if (text.empty()) {
                return 0;
            }
            text.remove_prefix(std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size()));
            text.remove_prefix(text.starts_with('+') ? 1 : 0);
        }
        return number_in(text, 0, 255);
    }

    void take_with_argument(int found) noexcept {
        ContainerOptions& options = request_.options;
        const std::string_view text = ::optarg != nullptr ? ::optarg : "";
        switch (found) {
            case 'p':
                if (const auto signal = parse_signal(text)) {
                    options.parent_death_signal = *signal;
                } else {
                    refuse_argument("-p", text, "the name or number of a signal");
                }
                break;
            case 'e':
                if (const auto code = exit_code_in(text)) {
                    options.forgiven.add(static_cast<std::uint8_t>(*code));
                } else {
                    refuse_argument("-e", text, "an exit code from 0 to 255");
                }
                break;
            case 'r':
                take_rewrite(text);
                break;
            case kGraceOption:
                options.grace = parse_duration(text);
                if (!options.grace) {
                    refuse_argument("--grace", text, "a time such as 10, 1.5s or 2min");
                }
                break;
            case kServicesOption:
                options.has_services = true;
                options.service_directory = ::optarg;
                break;
            default:
                refuse_option(found);
        }
    }

    void take_rewrite(std::string_view text) noexcept {
        const std::size_t colon = text.find(':');
        const auto from = parse_signal(text.substr(0, colon));
        const std::string_view right =
            colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
        const auto to = right == "0" ? std::optional(0) : parse_signal(right);
        if (!from || !to) {
            refuse_argument("--rewrite", text, "SIGNAL:SIGNAL, such as 15:3 or TERM:0");
            return;
        }
        request_.options.signals.rewrite(*from, *to);
    }

    void refuse_argument(const char* which, std::string_view text, const char* wanted) noexcept {
        refuse().append_format("%s '%.*s': this must be %s", which,
                               static_cast<int>(text.size() < 80 ? text.size() : 80), text.data(),
                               wanted);
    }

    /// In getopt_long's own words, which those who call these programs know.
    void refuse_option(int found) noexcept {
        const char* const word = ::optind > 0 ? argv_[::optind - 1] : "";
        const bool is_long = std::string_view(word).substr(0, 2) == "--";
        if (found == ':') {
            if (is_long) {
                refuse().append_format("option '%.80s' requires an argument", word);
            } else {
                refuse().append_format("option requires an argument -- '%c'", ::optopt);
            }
        } else if (::optopt == 0 || (is_long && ::optopt > 255)) {
            refuse().append_format("unrecognized option '%.80s'", word);
        } else if (is_long) {
            refuse().append_format("option '%.80s' doesn't allow an argument", word);
        } else {
            refuse().append_format("invalid option -- '%c'", ::optopt);
        }
    }

    FixedString<256>& refuse() noexcept {
        request_.ask = Ask::Refuse;
        request_.complaint.clear();
        return request_.complaint;
    }

    void take_variables(const ContainerVariables& variables) noexcept {
        ContainerOptions& options = request_.options;
        const auto is = [](const char* value, std::string_view wanted) {
            return value != nullptr && wanted == value;
        };
        if (style() == ContainerStyle::DumbInit) {
            if (is(variables.dumb_init_debug, "1")) {
                options.verbosity = Verbosity::Debug;
            }
            if (is(variables.dumb_init_setsid, "0")) {
                options.new_session = false;
            }
        } else if (style() == ContainerStyle::Catatonit) {
            if (variables.catatonit_debug != nullptr) {
                options.verbosity = Verbosity::Debug;
            }
        } else {
            options.is_subreaper = options.is_subreaper || variables.tini_subreaper != nullptr;
            options.to_group = options.to_group || variables.tini_kill_process_group != nullptr;
            if (variables.tini_verbosity != nullptr) {
                take_tini_verbosity(variables.tini_verbosity);
            }
        }
    }

    void take_tini_verbosity(std::string_view text) noexcept {
        constexpr int kMost = static_cast<int>(Verbosity::Trace);
        if (const auto number = number_in(text, 0, 255)) {
            request_.options.verbosity = static_cast<Verbosity>(*number < kMost ? *number : kMost);
            return;
        }
        request_.complaint.append_format(
            "TINI_VERBOSITY='%.*s' is ignored: it must be a number from 0 to %d",
            static_cast<int>(text.size() < 80 ? text.size() : 80), text.data(), kMost);
    }

    void take_command() noexcept {
        ContainerOptions& options = request_.options;
        const bool after_dashes = ::optind > 1 && std::string_view(argv_[::optind - 1]) == "--";
        if (::optind < argc_) {
            options.command = argv_ + ::optind;
            if (style() == ContainerStyle::Own && !after_dashes) {
                refuse().append_format("'%.80s' is no option: the command comes after --",
                                       argv_[::optind]);
            }
        } else if (!options.pauses && !options.has_services) {
            refuse().append("there is no command to run");
        }
    }

    void set_defaults() noexcept {
        ContainerOptions& options = request_.options;
        if (options.new_session) {
            options.to_group = true;
            // A TSTP that is sent is not one that is typed: an orphaned group does not heed it.
            for (const int number : {SIGTSTP, SIGTTIN, SIGTTOU}) {
                options.signals.rewrite_by_default(number, SIGSTOP);
            }
        } else if (style() != ContainerStyle::DumbInit) {
            // For the terminal of a background job, which init may be.
            options.signals.rewrite(SIGTTIN, 0);
            options.signals.rewrite(SIGTTOU, 0);
        }
        if (style() == ContainerStyle::Catatonit) {
            options.signals.rewrite(SIGTSTP, 0);
        }
        if (style() == ContainerStyle::Own) {
            // How a container's manager asks an init to stop; a command knows TERM.
            for (const int number : {SIGPWR, kSignalHalt, kSignalPowerOff, kSignalReboot}) {
                options.signals.rewrite_by_default(number, SIGTERM);
            }
            // What `telinit u` sends would kill the command.
            options.signals.rewrite_by_default(kSignalUpgrade, 0);
        }
    }

    int argc_;
    char** argv_;
    ContainerRequest request_;
};

}  // namespace

std::optional<ContainerStyle> container_style(std::string_view name) noexcept {
    if (name == "tini" || name == "tini-static" || name == "docker-init") {
        return ContainerStyle::Tini;
    }
    if (name == "dumb-init") {
        return ContainerStyle::DumbInit;
    }
    if (name == "catatonit") {
        return ContainerStyle::Catatonit;
    }
    return std::nullopt;
}

bool asks_for_container(int argc, const char* const* argv) noexcept {
    constexpr std::string_view kServices = "--services";
    for (int i = 1; i < argc; ++i) {
        const std::string_view word(argv[i]);
        if (word == "--" || word == kServices ||
            word.substr(0, kServices.size() + 1) == "--services=") {
            return true;
        }
    }
    return false;
}

void SignalTable::rewrite(int from, int to) noexcept {
    if (is_signal(from) && (to == 0 || is_signal(to))) {
        to_[static_cast<std::size_t>(from)] = static_cast<std::uint8_t>(to);
    }
}

void SignalTable::rewrite_by_default(int from, int to) noexcept {
    if (is_signal(from) && to_[static_cast<std::size_t>(from)] == kAsItIs) {
        rewrite(from, to);
    }
}

int SignalTable::translate(int number) const noexcept {
    if (!is_signal(number)) {
        return 0;
    }
    const std::uint8_t to = to_[static_cast<std::size_t>(number)];
    return to == kAsItIs ? number : to;
}

std::uint8_t ForgivenCodes::exit_code(const ExitStatus& status) const noexcept {
    const auto code = static_cast<std::uint8_t>(status.shell_code());
    return forgiven_[code] ? 0 : code;
}

std::uint8_t exec_failure_code(ContainerStyle style, int code) noexcept {
    constexpr std::uint8_t kNotFound = 127;
    constexpr std::uint8_t kNotExecutable = 126;
    switch (style) {
        case ContainerStyle::Own:
            return code == ENOENT ? kNotFound : kNotExecutable;
        case ContainerStyle::Tini:
            return code == ENOENT ? kNotFound : code == EACCES ? kNotExecutable : 1;
        case ContainerStyle::DumbInit:
            return 2;
        case ContainerStyle::Catatonit:
            return 1;
    }
    return 1;
}

ContainerRequest read_container_request(ContainerStyle style, int argc, char** argv,
                                        const ContainerVariables& variables) noexcept {
    return Reader(style, argc, argv).read(variables);
}

}  // namespace mainstay::init
