// What the test programs share: checks that say what they expected and found, and lines to and from the test.
#ifndef CHECK_H
#define CHECK_H

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "vdi.h"
#include "vdierror.h"

inline const char *name_of(int code)
{
    static thread_local char number[16];
    switch (code) {
    case 0: return "NOERROR";
    case VD_E_NOTOPEN: return "VD_E_NOTOPEN";
    case VD_E_TIMEOUT: return "VD_E_TIMEOUT";
    case VD_E_ABORT: return "VD_E_ABORT";
    case VD_E_SECURITY: return "VD_E_SECURITY";
    case VD_E_INVALID: return "VD_E_INVALID";
    case VD_E_INSTANCE_NAME: return "VD_E_INSTANCE_NAME";
    case VD_E_NOTSUPPORTED: return "VD_E_NOTSUPPORTED";
    case VD_E_MEMORY: return "VD_E_MEMORY";
    case VD_E_UNEXPECTED: return "VD_E_UNEXPECTED";
    case VD_E_PROTOCOL: return "VD_E_PROTOCOL";
    case VD_E_OPEN: return "VD_E_OPEN";
    case VD_E_CLOSE: return "VD_E_CLOSE";
    case VD_E_BUSY: return "VD_E_BUSY";
    default: std::snprintf(number, sizeof number, "0x%08X", static_cast<unsigned>(code)); return number;
    }
}

// A line to the test, at once.
__attribute__((format(printf, 1, 2))) inline void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    std::vprintf(format, arguments);
    va_end(arguments);
    std::putchar('\n');
    std::fflush(stdout);
}

// Awaits a line from the test; at its end, or for another line, the program is over.
inline void await_line(const char *expected)
{
    char line[256];
    if (!std::fgets(line, sizeof line, stdin)) {
        std::fprintf(stderr, "expected the line '%s', found the end\n", expected);
        std::exit(3);
    }
    line[std::strcspn(line, "\n")] = '\0';
    if (std::strcmp(line, expected) != 0) {
        std::fprintf(stderr, "expected the line '%s', found '%s'\n", expected, line);
        std::exit(3);
    }
}

inline void check_code(const char *file, int line, const char *call, int expected, int found)
{
    if (expected != found) {
        std::fprintf(stderr, "%s:%d: %s: expected %s, ", file, line, call, name_of(expected));
        std::fprintf(stderr, "found %s\n", name_of(found));
        std::exit(2);
    }
}

inline void check_number(const char *file, int line, const char *what, long long expected, long long found)
{
    if (expected != found) {
        std::fprintf(stderr, "%s:%d: %s: expected %lld, found %lld\n", file, line, what, expected, found);
        std::exit(2);
    }
}

inline void check_true(const char *file, int line, const char *what, bool found)
{
    if (!found) {
        std::fprintf(stderr, "%s:%d: expected %s\n", file, line, what);
        std::exit(2);
    }
}

// A call of the library that must return this code.
#define EXPECT_CODE(expected, call) check_code(__FILE__, __LINE__, #call, (expected), (call))

// A number that must be this one.
#define EXPECT_NUMBER(expected, found) \
    check_number(__FILE__, __LINE__, #found, static_cast<long long>(expected), static_cast<long long>(found))

#define EXPECT(condition) check_true(__FILE__, __LINE__, #condition, (condition))

// What a program wishes that does backups to something like a pipe.
inline VDConfig like_pipe(unsigned deviceCount)
{
    VDConfig config;
    std::memset(&config, 0, sizeof config);
    config.deviceCount = deviceCount;
    return config;
}

#endif
