/// A kernel that is not to be had: one without some file systems. It answers the calls of a faulty
/// program that depend on them.
///
/// MAINSTAY_FAKE_LACKS names the types, between blanks. Without that variable nothing is changed.
/// With it nodes are made only of devices that are harmless. The terminal /.console takes the place
/// of the console and of the kernel's log, and a file that says which device it would be that of
/// each other, so that nothing a program does with it reaches the machine.
#pragma once

#include <sys/types.h>

namespace mainstay::faults {

bool kernel_lacks(const char* file_system_type) noexcept;

/// mknod(2) where a kernel is faked.
/// @returns its result; errno is set
int make_fake_node(const char* path, mode_t mode, dev_t device) noexcept;

bool kernel_is_fake() noexcept;

}  // namespace mainstay::faults
