/* Gives every function of the server half what it must refuse. Prints how many calls were checked; ends with 1 when a call
 * answered something else than it should.
 *
 *     server_arguments NAME...     five sets with two devices each
 */
#include <errno.h>

#include "server_kit.h"

static int checked;
static int wrong;

static void check(int line, const char *call, int expected, int found)
{
    checked++;
    if (expected != found)
    {
        wrong++;
        printf("line %d: %s: expected 0x%08X, found 0x%08X\n", line, call, (unsigned)expected, (unsigned)found);
    }

    /* As it was before the call: the library has codes of its own. */
    if (errno != EDOM)
    {
        wrong++;
        printf("line %d: %s: errno has become %d\n", line, call, errno);
    }
}

#define EXPECT(expected, call) (errno = EDOM, check(__LINE__, #call, expected, call))

static void every_function_without_a_set(openvdi_server_set set)
{
    struct VDConfig config;
    openvdi_server_device device = { 1 };
    uint8_t *buffer = (uint8_t *)&config;
    uint32_t count = 7;
    char text[16] = "x";
    int reason = 7;
    EXPECT(VD_E_INVALID, openvdi_server_open(set, NULL, "x"));
    EXPECT(VD_E_INVALID, openvdi_server_get_configuration(set, &config));
    EXPECT(VD_E_INVALID, openvdi_server_begin_configuration(set, 0, 512, 0, BUFFER_SIZE, 0));
    EXPECT(VD_E_INVALID, openvdi_server_end_configuration(set));
    EXPECT(VD_E_INVALID, openvdi_server_request_buffers(set, 512, 0, 1));
    EXPECT(VD_E_INVALID, openvdi_server_query_available_buffers(set, 512, 0, &count));
    EXPECT(VD_E_INVALID, openvdi_server_open_device(set, "x", &device));
    EXPECT(VD_E_INVALID, openvdi_server_execute_completion_agent(set, NULL, NULL));
    EXPECT(VD_E_INVALID, openvdi_server_allocate_buffer(set, &buffer, 512, 0));
    EXPECT(VD_E_INVALID, openvdi_server_free_buffer(set, buffer, 512));
    EXPECT(0, openvdi_server_is_shared_buffer(set, buffer));
    EXPECT(VD_E_INVALID, openvdi_server_signal_abort(set, "x"));
    EXPECT(VD_E_INVALID, openvdi_server_close(set));
    EXPECT(VD_E_INVALID, openvdi_server_destroy(set));
    EXPECT(VD_E_INVALID, openvdi_server_last_failure(set, text, sizeof text, NULL));
    EXPECT(VD_E_INVALID, openvdi_server_abort_reason(set, &reason, text, sizeof text, NULL));
    EXPECT(7, (int)count);
    EXPECT(7, reason);
    EXPECT('x', text[0]);
}

static void every_function_without_a_device(openvdi_server_device device)
{
    struct probe probe;
    EXPECT(VD_E_INVALID, send_probe(&probe, device, VDC_Flush));
    EXPECT(0, probe.calls);
    EXPECT(VD_E_INVALID, openvdi_server_send_command(device, NULL));
    EXPECT(VD_E_INVALID, openvdi_server_close_device(device));
}

static void wrong_handles(void)
{
    /* Null, plausible, wild, addresses. */
    int local = 0;
    uint64_t numbers[] = { 0, 1, 2, 0x100000000u, 0x7F00000001u, UINT64_MAX, 1u << 31, (uint64_t)(uintptr_t)&local };
    size_t index;
    openvdi_server_set destroyed;
    for (index = 0; index < sizeof numbers / sizeof *numbers; index++)
    {
        openvdi_server_set set;
        openvdi_server_device device;
        set.number = numbers[index];
        device.number = numbers[index];
        every_function_without_a_set(set);
        every_function_without_a_device(device);
    }

    EXPECT(VD_E_INVALID, openvdi_server_create(NULL));
    EXPECT(0, openvdi_server_create(&destroyed));
    EXPECT(0, openvdi_server_destroy(destroyed));
    every_function_without_a_set(destroyed);
}

/* After the next open of the object, and after its destruction. */
static void devices_of_the_past(const char *name, const char *next)
{
    struct subject set;
    reach(&set, name, ACTIVE, 1);
    EXPECT(VD_E_PROTOCOL, openvdi_server_close(set.set));
    EXPECT(0, join_agent(&set));
    EXPECT(VD_E_PROTOCOL, openvdi_server_close_device(set.devices[0]));
    EXPECT(0, openvdi_server_open(set.set, NULL, next));
    every_function_without_a_device(set.devices[0]);
    EXPECT(0, openvdi_server_destroy(set.set));
    every_function_without_a_set(set.set);
}

static void devices_of_the_destroyed(const char *name)
{
    struct subject set;
    reach(&set, name, ACTIVE, 1);
    EXPECT(VD_E_PROTOCOL, openvdi_server_close(set.set));
    EXPECT(0, join_agent(&set));
    EXPECT(0, openvdi_server_destroy(set.set));
    every_function_without_a_set(set.set);
    every_function_without_a_device(set.devices[0]);
}

static void null_and_bad_strings(openvdi_server_set set)
{
    static char endless[5000];
    openvdi_server_device device = { 7 };
    int reason;
    memset(endless, 'a', sizeof endless - 1);
    EXPECT(VD_E_INVALID, openvdi_server_open_device(set, NULL, &device));
    EXPECT(0, (int)device.number);
    EXPECT(VD_E_INVALID, openvdi_server_open_device(set, "b", NULL));
    EXPECT(VD_E_INVALID, openvdi_server_open_device(set, "", &device));
    EXPECT(VD_E_INVALID, openvdi_server_open_device(set, "\xFF", &device));
    EXPECT(VD_E_INVALID, openvdi_server_open_device(set, endless, &device));
    EXPECT(VD_E_INVALID, openvdi_server_signal_abort(set, "\xC3("));
    EXPECT(VD_E_INVALID, openvdi_server_signal_abort(set, endless));
    EXPECT(VD_E_INVALID, openvdi_server_get_configuration(set, NULL));
    EXPECT(VD_E_INVALID, openvdi_server_query_available_buffers(set, 512, 0, NULL));
    EXPECT(VD_E_INVALID, openvdi_server_allocate_buffer(set, NULL, 512, 0));
    EXPECT(VD_E_INVALID, openvdi_server_free_buffer(set, NULL, 512));
    EXPECT(0, openvdi_server_is_shared_buffer(set, NULL));
    EXPECT(VD_E_INVALID, openvdi_server_last_failure(set, NULL, 1, NULL));
    EXPECT(VD_E_INVALID, openvdi_server_abort_reason(set, NULL, NULL, 0, NULL));
    EXPECT(0, openvdi_server_abort_reason(set, &reason, NULL, 0, NULL));
    EXPECT(OPENVDI_ABORT_NONE, reason);
}

static int send_transfer(struct probe *probe, struct subject *set, int code, uint8_t *buffer, int32_t size)
{
    memset(probe, 0, sizeof *probe);
    MUST(sem_init(&probe->called, 0, 0) == 0);
    probe->command.commandCode = code;
    probe->command.buffer = buffer;
    probe->command.size = size;
    openvdi_server_set_completion(&probe->command, probe_called, probe);
    return openvdi_server_send_command(set->devices[0], &probe->command);
}

static void bad_transfers(struct subject *set, struct subject *other)
{
    struct probe probe;
    uint8_t mine[512];
    uint8_t *large;
    uint8_t *freed;
    int code;
    EXPECT(0, openvdi_server_request_buffers(set->set, 2 * BUFFER_SIZE, 0, 1));
    EXPECT(0, openvdi_server_allocate_buffer(set->set, &large, 2 * BUFFER_SIZE, 0));
    EXPECT(0, openvdi_server_allocate_buffer(set->set, &freed, 512, 0));
    EXPECT(0, openvdi_server_free_buffer(set->set, freed, 512));
    for (code = VDC_Read; code <= VDC_Write; code++)
    {
        EXPECT(VD_E_INVALID, send_transfer(&probe, set, code, NULL, 512));
        EXPECT(VD_E_INVALID, send_transfer(&probe, set, code, NULL, 0));
        EXPECT(VD_E_INVALID, send_transfer(&probe, set, code, mine, 512));
        EXPECT(VD_E_INVALID, send_transfer(&probe, set, code, freed, 512));
        EXPECT(VD_E_INVALID, send_transfer(&probe, set, code, other->buffer, 512));
        EXPECT(VD_E_INVALID, send_transfer(&probe, set, code, large + 512, 512));
        EXPECT(VD_E_INVALID, send_transfer(&probe, set, code, set->buffer, 1024));
        EXPECT(VD_E_INVALID, send_transfer(&probe, set, code, set->buffer, 511));
        EXPECT(VD_E_INVALID, send_transfer(&probe, set, code, set->buffer, -512));
        EXPECT(VD_E_INVALID, send_transfer(&probe, set, code, large, 2 * BUFFER_SIZE));
        EXPECT(0, probe.calls);
    }

    EXPECT(VD_E_INVALID, openvdi_server_send_command(set->devices[0], NULL));
    memset(&probe, 0, sizeof probe);
    probe.command.commandCode = VDC_Flush;
    EXPECT(VD_E_INVALID, openvdi_server_send_command(set->devices[0], &probe.command));

    /* Nothing of all that was sent: the good one is the only one that the abort takes back. */
    EXPECT(0, send_transfer(&probe, set, VDC_Write, set->buffer, 512));
    EXPECT(0, openvdi_server_signal_abort(set->set, "na\xC3\xAFve"));
    EXPECT(VD_E_ABORT, join_agent(set));
    EXPECT(1, probe.calls);
    EXPECT(ERROR_OPERATION_ABORTED, probe.command.completionCode);
}

static void words(struct subject *set)
{
    char text[64];
    char whole[512];
    size_t length = 0;
    int reason = 0;
    EXPECT(0, openvdi_server_abort_reason(set->set, &reason, text, sizeof text, &length));
    EXPECT(OPENVDI_ABORT_SERVER_SIGNALLED, reason);
    EXPECT(6, (int)length);
    EXPECT(0, strcmp(text, "na\xC3\xAFve"));

    /* Cut before the character that has no room, and not inside it. */
    EXPECT(0, openvdi_server_abort_reason(set->set, &reason, text, 4, &length));
    EXPECT(6, (int)length);
    EXPECT(0, strcmp(text, "na"));
    EXPECT(0, openvdi_server_abort_reason(set->set, &reason, text, 5, NULL));
    EXPECT(0, strcmp(text, "na\xC3\xAF"));
    EXPECT(0, openvdi_server_abort_reason(set->set, &reason, text, 1, NULL));
    EXPECT(0, text[0]);

    EXPECT(VD_E_ABORT, openvdi_server_close_device(set->devices[0]));
    EXPECT(0, openvdi_server_last_failure(set->set, whole, sizeof whole, &length));
    EXPECT((int)strlen(whole), (int)length);
    EXPECT(1, strstr(whole, "VD_E_ABORT") == whole && strstr(whole, set->name) != NULL && strstr(whole, "na") != NULL);
    EXPECT(VD_E_PROTOCOL, openvdi_server_end_configuration(set->set));
    EXPECT(0, openvdi_server_last_failure(set->set, whole, sizeof whole, &length));
    EXPECT(1, strstr(whole, "VD_E_PROTOCOL") == whole);
}

int main(int argc, char **argv)
{
    struct subject set, other, fresh;
    char text[8];
    MUST(argc == 6);

    /* The first call of a process starts the runtime, which does not keep errno. */
    MUST(openvdi_server_create(NULL) == VD_E_INVALID);
    wrong_handles();
    reach(&fresh, argv[1], DOES_NOT_EXIST, 0);
    EXPECT(VD_E_INVALID, openvdi_server_open(fresh.set, NULL, NULL));
    EXPECT(VD_E_INVALID, openvdi_server_open(fresh.set, "\xFF", argv[1]));
    EXPECT(VD_E_INVALID, openvdi_server_open(fresh.set, NULL, "a/b"));
    EXPECT(0, openvdi_server_destroy(fresh.set));
    reach(&fresh, argv[1], DOES_NOT_EXIST, 0);
    EXPECT(0, openvdi_server_last_failure(fresh.set, text, sizeof text, NULL));
    EXPECT(0, text[0]);
    EXPECT(0, openvdi_server_destroy(fresh.set));

    reach(&set, argv[1], ACTIVE, 1);
    reach(&other, argv[2], ACTIVE, 1);
    null_and_bad_strings(set.set);
    bad_transfers(&set, &other);
    words(&set);
    give_up(&set);
    give_up(&other);
    devices_of_the_past(argv[3], argv[4]);
    devices_of_the_destroyed(argv[5]);
    printf("%d calls checked\n", checked);
    return wrong > 0;
}
