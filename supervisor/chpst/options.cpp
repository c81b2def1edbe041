#include "supervisor/chpst/options.h"

#include "common/runit_words.h"

namespace mainstay::chpst {
namespace {

struct Known {
    std::string_view name;
    std::string_view usage;
};
/// In the order of Program.
constexpr std::array<Known, 7> kPrograms{{
    {"chpst",
     " [-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] [-/ root] [-C pwd] [-n "
     "nice]"
     " [-l|-L lock] [-m n] [-d n] [-o n] [-p n] [-f n] [-c n] [-t n] prog"},
    {"setuidgid", " account child"},
    {"envuidgid", " account child"},
    {"envdir", " dir child"},
    {"pgrphack", " child"},
    {"setlock", " [ -nNxX ] file program [ arg ... ]"},
    {"softlimit",
     " [-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] [-m membytes]"
     " [-o openfiles] [-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs] child"},
}};

struct LimitLetter {
    char letter;
    Limit limit;
};
constexpr std::array kChpstLimits{
    LimitLetter{'d', Limit::Data},      LimitLetter{'o', Limit::Files},
    LimitLetter{'p', Limit::Processes}, LimitLetter{'f', Limit::FileSize},
    LimitLetter{'c', Limit::Core},      LimitLetter{'r', Limit::Resident},
    LimitLetter{'t', Limit::CpuTime},
};
/// Those of softlimit besides; its r, c, d, f, o, p and t are the same.
constexpr std::array kSoftLimits{
    LimitLetter{'a', Limit::AddressSpace},
    LimitLetter{'l', Limit::LockedMemory},
    LimitLetter{'s', Limit::Stack},
};

std::string_view base_name(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1);
}

std::optional<std::uint64_t> whole_number(std::string_view text) noexcept {
    const LeadingNumber number = leading_number(text);
    return number.length == text.size() ? std::optional(number.value) : std::nullopt;
}

class Parser {
  public:
    Parser(std::span<char* const> words, Program program)
        : name_(base_name(words.front())), arguments_(words.subspan(1)) {
        name_.remove_prefix(name_.starts_with('d') ? 1 : 0);
        plan_.program = program;
    }

    Parsed parse() {
        switch (plan_.program) {
            case Program::Chpst:
                return parse_chpst();
            case Program::SetLock:
                return parse_setlock();
            case Program::SoftLimit:
                return parse_softlimit();
            case Program::SetUidGid:
                return with_one_word(plan_.user);
            case Program::EnvUidGid:
                return with_one_word(plan_.environment_user);
            case Program::EnvDir:
                return with_one_word(plan_.environment);
            case Program::PgrpHack:
                plan_.has_session = true;
                return with_command(arguments_);
        }
        return usage();
    }

  private:
    Parsed usage(Program whose, std::string problem = {}) const {
        const std::string_view text = kPrograms[static_cast<std::size_t>(whose)].usage;
        return {plan_,
                Usage{std::move(problem), "usage: " + std::string(name_) + std::string(text)}};
    }
    Parsed usage() const { return usage(plan_.program); }

    Parsed with_command(std::span<char* const> words) {
        if (words.empty()) {
            return usage();
        }
        plan_.command = words;
        return {plan_, {}};
    }

    Parsed with_one_word(const char*& value) {
        if (arguments_.size() < 2) {
            return usage();
        }
        value = arguments_.front();
        return with_command(arguments_.subspan(1));
    }

    /// @returns whether it is a number
    bool set(Limit limit, std::optional<std::uint64_t> value) noexcept {
        plan_.limits[static_cast<std::size_t>(limit)] = value;
        return value.has_value();
    }
    bool set_all_of_memory(std::optional<std::uint64_t> value) noexcept {
        return set(Limit::Data, value) && set(Limit::Stack, value) &&
               set(Limit::LockedMemory, value) && set(Limit::AddressSpace, value);
    }
    template <typename Letters>
    std::optional<Limit> limit_of(char letter, const Letters& letters) const noexcept {
        for (const LimitLetter& known : letters) {
            if (known.letter == letter) {
                return known.limit;
            }
        }
        return std::nullopt;
    }

    bool set_nice(std::string_view text) noexcept {
        const bool is_negative = text.starts_with('-');
        if (is_negative || text.starts_with('+')) {
            text.remove_prefix(1);
        }
        const auto value = whole_number(text);
        constexpr std::uint64_t kEnough = 1000;  // beyond what there is: nice(2) clamps
        const int amount = static_cast<int>(value && *value < kEnough ? *value : kEnough);
        plan_.nice = is_negative ? -amount : amount;
        return value.has_value();
    }

    bool set_lock(const char* path, bool waits) noexcept {
        if (plan_.lock != nullptr) {
            return false;
        }
        plan_.lock = path;
        plan_.waits_for_lock = waits;
        return true;
    }

    /// @returns false where it is wrong
    bool take_chpst(char letter, const char* value) noexcept {
        switch (letter) {
            case 'u':
                plan_.user = value;
                return true;
            case 'U':
                plan_.environment_user = value;
                return true;
            case 'b':
                plan_.name = value;
                return true;
            case 'e':
                plan_.environment = value;
                return true;
            case '/':
                plan_.root = value;
                return true;
            case 'C':
                plan_.directory = value;
                return true;
            case 'n':
                return set_nice(value);
            case 'l':
                return set_lock(value, true);
            case 'L':
                return set_lock(value, false);
            case 'm':
                return set_all_of_memory(whole_number(value));
            case 'v':
                plan_.is_verbose = true;
                return true;
            case 'P':
                plan_.has_session = true;
                return true;
            case '0':
            case '1':
            case '2':
                plan_.closes[static_cast<std::size_t>(letter - '0')] = true;
                return true;
            default:
                break;
        }
        const auto limit = limit_of(letter, kChpstLimits);
        return limit && set(*limit, whole_number(value));
    }

    Parsed parse_chpst() {
        RunitOptions options(arguments_, "u:U:b:e:m:d:o:p:f:c:r:t:/:C:n:l:L:vP012V");
        while (const char letter = options.next()) {
            if (letter == RunitOptions::kBad) {
                return usage(plan_.program, std::string(name_) + ": " + options.problem());
            }
            if (!take_chpst(letter, options.value())) {
                return usage();
            }
        }
        return with_command(options.rest());
    }

    Parsed parse_setlock() {
        RunitOptions options(arguments_, "nNxX");
        bool waits = false;
        while (const char letter = options.next()) {
            if (letter == RunitOptions::kBad) {
                return usage(plan_.program, std::string(name_) + ": " + options.problem());
            }
            waits = letter == 'n' || (waits && letter != 'N');
            plan_.fails_quietly = letter == 'x' || (plan_.fails_quietly && letter != 'X');
        }
        const auto rest = options.rest();
        if (rest.empty()) {
            return usage();
        }
        set_lock(rest.front(), waits);
        return with_command(rest.subspan(1));
    }

    Parsed parse_softlimit() {
        RunitOptions options(arguments_, "a:c:d:f:l:m:o:p:r:s:t:");
        while (const char letter = options.next()) {
            if (letter == RunitOptions::kBad) {
                return usage(plan_.program, std::string(name_) + ": " + options.problem());
            }
            const std::string_view text = options.value();
            const auto value = text == "=" ? std::optional(kMost) : whole_number(text);
            auto limit = limit_of(letter, kSoftLimits);
            limit = limit ? limit : limit_of(letter, kChpstLimits);
            if (!(limit ? set(*limit, value) : set_all_of_memory(value))) {
                return usage(Program::Chpst);
            }
        }
        return with_command(options.rest());
    }

    std::string_view name_;
    std::span<char* const> arguments_;
    Plan plan_;
};

}  // namespace

std::optional<Program> program_of(std::string_view name) noexcept {
    name.remove_prefix(name.starts_with('d') ? 1 : 0);
    for (std::size_t i = 0; i < kPrograms.size(); ++i) {
        if (kPrograms[i].name == name) {
            return static_cast<Program>(i);
        }
    }
    return std::nullopt;
}

Parsed parse(std::span<char* const> words, Program program) {
    return Parser(words, program).parse();
}

}  // namespace mainstay::chpst
