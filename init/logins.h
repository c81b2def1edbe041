/// Reads who is logged in where, from utmp, record by record. Nothing is locked, as anybody could
/// hold the lock for ever: a record that is being written is taken as it is.
#pragma once

#include "common/unique_fd.h"
#include "init/login_record.h"

namespace mainstay::init {

class Logins {
  public:
    /// Without the file nobody is logged in.
    Logins() noexcept;

    /// @returns false at the end
    bool next(Login& login) noexcept;

  private:
    static constexpr unsigned kMostRecords = 65'536;

    UniqueFd file_;
    unsigned taken_ = 0;
};

}  // namespace mainstay::init
