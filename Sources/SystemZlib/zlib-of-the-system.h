#ifndef ZLIB_OF_THE_SYSTEM_H
#define ZLIB_OF_THE_SYSTEM_H

// macOS has it; so has every Linux that swift.org's list of needed packages was installed on.
#if __has_include(<zlib.h>)
#include <zlib.h>
#else
#error "zlib's header is missing: apt-get install zlib1g-dev (Debian, Ubuntu), dnf install zlib-devel (Fedora)"
#endif

#endif
