/// PURE. The grammar of service.conf: which bytes of a file are keys, values and words. What they
/// mean is for conf_parser.
///
/// `key = value` a line. A line whose first non-blank is `#` is a comment, and so is none inside a
/// line. An odd number of `\` at the end of a line continues it: the last of them and the line's
/// end are as if they were not there, within quotes, too. Carriage returns and other control
/// characters (a tab is a blank) are faults.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mainstay::supervisor {

inline constexpr std::size_t kMaxConfSize = std::size_t{64} * 1024;

/// The views are of the lexed text. Offsets count its bytes from 0.
struct ConfAssignment {
    std::string_view key;  ///< not empty, no blanks around it
    std::size_t key_offset = 0;
    std::string_view value;  ///< no blanks around it; continued lines are still in it as they are
    std::size_t value_offset = 0;
};

struct ConfFault {
    std::size_t offset = 0;
    std::string message;
};

struct LexedConf {
    std::vector<ConfAssignment> assignments;
    std::vector<ConfFault> faults;  ///< each is a line that is left out
};

/// Never fails as a whole: lines with faults are left out, the others are there.
LexedConf lex_conf(std::string_view text);

struct ConfWord {
    std::string text;
    std::size_t offset = 0;  ///< of its first byte (a quote, maybe) in the file
};

struct SplitValue {
    std::vector<ConfWord> words;
    std::vector<ConfFault> faults;  ///< none or one
};

/// The words of a value by the quoting of POSIX's shell: '…' is as it stands; in "…" a `\` takes
/// away what `$`, a backquote, `"` and `\` mean; elsewhere it does so for any byte. Nothing else
/// is special: no variables, no patterns, no pipes.
SplitValue split_words(const ConfAssignment& assignment);

/// The value as one text, quotes and all, continued lines joined.
std::string joined_text(const ConfAssignment& assignment);

}  // namespace mainstay::supervisor
