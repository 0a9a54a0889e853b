/* Calls the library from within callbacks, all that the specification allows there, and ends the set from one.
 *
 *     server_callbacks close|destroy|abort NAME      a set of two devices, whose client answers the first
 */
#include "server_kit.h"

#define ROUNDS 1000
#define LAST 3

static struct subject subject;
static struct VDS_Command first;
static struct probe last[LAST];
static const char *ending;
static int rounds;
static int ended;

static void use_buffers(void)
{
    uint8_t *buffer = NULL;
    uint32_t before = 0;
    uint32_t during = 0;
    struct VDConfig config;
    MUST(openvdi_server_query_available_buffers(subject.set, BUFFER_SIZE, 0, &before) == 0);
    MUST(openvdi_server_allocate_buffer(subject.set, &buffer, BUFFER_SIZE, 0) == 0);
    MUST(openvdi_server_query_available_buffers(subject.set, BUFFER_SIZE, 0, &during) == 0);
    MUST(during + 1 == before && openvdi_server_is_shared_buffer(subject.set, buffer) == 1);
    MUST(openvdi_server_free_buffer(subject.set, buffer, BUFFER_SIZE) == 0);
    MUST(openvdi_server_get_configuration(subject.set, &config) == 0 && config.blockSize == 512);
}

static void end_set(void)
{
    /* The agent is here and cannot take what the client completes meanwhile: all of these are outstanding at the end. */
    int index;
    for (index = 0; index < LAST; index++)
    {
        MUST(send_probe(&last[index], subject.devices[0], VDC_Flush) == 0);
    }

    if (strcmp(ending, "close") == 0)
    {
        MUST(openvdi_server_close(subject.set) == VD_E_PROTOCOL);
    }
    else if (strcmp(ending, "destroy") == 0)
    {
        MUST(openvdi_server_destroy(subject.set) == 0);
        MUST(openvdi_server_close_device(subject.devices[0]) == VD_E_INVALID);
    }
    else
    {
        MUST(openvdi_server_signal_abort(subject.set, "from a callback") == 0);
    }

    for (index = 0; index < LAST; index++)
    {
        MUST(last[index].calls == 0);
    }

    ended = 1;
}

static void called(struct VDS_Command *command)
{
    MUST(command == &first && command->completionContext == NULL && !ended);
    MUST(command->completionCode == ERROR_SUCCESS && pthread_equal(pthread_self(), subject.agent));
    use_buffers();
    if (++rounds < ROUNDS)
    {
        MUST(openvdi_server_send_command(subject.devices[0], command) == 0);
    }
    else
    {
        end_set();
    }
}

int main(int argc, char **argv)
{
    int index;
    int result;
    MUST(argc == 3);
    ending = argv[1];
    reach(&subject, argv[2], ACTIVE, 1);
    first.commandCode = VDC_Flush;
    openvdi_server_set_completion(&first, called, NULL);
    MUST(openvdi_server_send_command(subject.devices[0], &first) == 0);
    result = join_agent(&subject);
    MUST(rounds == ROUNDS && ended);
    for (index = 0; index < LAST; index++)
    {
        MUST(last[index].calls == 1 && last[index].command.completionCode == ERROR_OPERATION_ABORTED);
        MUST(pthread_equal(last[index].thread, subject.agent));
    }

    result = result == (strcmp(ending, "abort") == 0 ? VD_E_ABORT : 0) ? 0 : 1;
    MUST(openvdi_server_destroy(subject.set) == (strcmp(ending, "destroy") == 0 ? VD_E_INVALID : 0));
    return result;
}
