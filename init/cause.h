/// What a step of the search for the root says when it fails: a sentence for a person, which ends
/// up above the rescue shell's prompt. Empty means that the step succeeded.
#pragma once

#include "common/fixed.h"

namespace mainstay::init {

using Cause = FixedString<400>;

}  // namespace mainstay::init
