/* What cannot be C#, because it happens before any managed code runs: the runtime's own start.
 *
 * A library has no business with its host's signals. The runtime ignores SIGPIPE for the whole process when it starts;
 * all of its calls of sigaction come here (the linker's --wrap), and that one is left out. Nothing in this library needs
 * it: what it sends, it sends with MSG_NOSIGNAL.
 */
#include <signal.h>
#include <stddef.h>

int __real_sigaction(int number, const struct sigaction *action, struct sigaction *old);

int __wrap_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    return __real_sigaction(number, number == SIGPIPE ? NULL : action, old);
}
