/* Brings about the codes that each function of the server half can return, and prints them, a line for each row of the
 * specification's table of return codes; then how the commands of row R23 ended.
 *
 *     server_codes ABSENT SERVED NAME...     a name that is no set's; a set whose client answers device "b": the first
 *                                            command with 112, the others with 0; six more sets
 */
#include "server_kit.h"

#define HUGE_SIZE (3u << 28)
#define HUGE_COUNT 4000u
#define MANY 5000

static struct probe probes[MANY];

static void configuration_codes(const char *absent, char **names)
{
    struct subject fresh, connected, configurable, active, aborted;
    struct VDConfig config;
    openvdi_server_device device;
    uint32_t count;
    reach(&fresh, names[0], DOES_NOT_EXIST, 0);
    reach(&connected, names[1], CONNECTED, 0);
    reach(&configurable, names[2], CONFIGURABLE, 0);
    reach(&active, names[3], ACTIVE, 1);
    reach(&aborted, names[4], ABORTED, 1);

    print_code("R11", openvdi_server_get_configuration(fresh.set, &config));
    print_code("R11", openvdi_server_get_configuration(active.set, &config));
    print_code("R11", openvdi_server_get_configuration(aborted.set, &config));

    print_code("R12", openvdi_server_begin_configuration(fresh.set, 0, 512, 0, BUFFER_SIZE, 0));
    print_code("R12", openvdi_server_begin_configuration(connected.set, 0, 1, 0, BUFFER_SIZE, 0));
    print_code("R12", openvdi_server_begin_configuration(connected.set, 0, 512, 0, BUFFER_SIZE, 0));

    print_code("R13", openvdi_server_request_buffers(fresh.set, 512, 0, 1));
    print_code("R13", openvdi_server_request_buffers(active.set, 512, 3, 1));
    print_code("R13", openvdi_server_request_buffers(active.set, 512, 0, 1));
    print_code("R13", openvdi_server_request_buffers(active.set, HUGE_SIZE, 0, HUGE_COUNT));

    print_code("R14", openvdi_server_query_available_buffers(fresh.set, 512, 0, &count));
    print_code("R14", openvdi_server_query_available_buffers(active.set, 0, 0, &count));
    print_code("R14", openvdi_server_query_available_buffers(active.set, 512, 0, &count));

    print_code("R15", openvdi_server_end_configuration(fresh.set));
    MUST(openvdi_server_request_buffers(configurable.set, HUGE_SIZE, 0, HUGE_COUNT) == 0);
    print_code("R15", openvdi_server_end_configuration(configurable.set));
    print_code("R15", openvdi_server_end_configuration(configurable.set));

    print_code("R16", openvdi_server_open_device(fresh.set, names[0], &device));
    print_code("R16", openvdi_server_open_device(active.set, "b", &device));
    print_code("R16", openvdi_server_open_device(active.set, "c", &device));
    print_code("R16", openvdi_server_open_device(aborted.set, "b", &device));

    print_code("R10", openvdi_server_open(fresh.set, NULL, absent));
    print_code("R10", openvdi_server_open(fresh.set, "NOSUCHINSTANCE", names[0]));
    print_code("R10", openvdi_server_open(fresh.set, "", names[0]));
    print_code("R10", openvdi_server_open(fresh.set, NULL, names[0]));
    give_up(&fresh);
    give_up(&connected);
    give_up(&configurable);
    give_up(&active);
    give_up(&aborted);
}

static void print_probe(const char *what, struct probe *probe, struct subject *subject, int code)
{
    const char *thread = probe->calls == 0 ? "-" : pthread_equal(probe->thread, subject->agent) ? "agent" : "own";
    print_code("R23", code);
    printf("%s 0x%08X %d %s %d\n", what, (unsigned)code, probe->command.completionCode, thread, probe->calls);
}

/* What becomes of commands: see the test. */
static void send_codes(struct subject *set)
{
    struct probe *probe = probes;
    uint8_t *buffer;
    int code;
    int sent;
    code = send_probe(probe, set->devices[1], VDC_Flush);
    MUST(sem_wait(&probe->called) == 0);
    print_probe("failed", probe, set, code);
    print_probe("in-error", probe, set, send_probe(probe, set->devices[1], VDC_Flush));
    code = send_probe(probe, set->devices[1], VDC_ClearError);
    MUST(sem_wait(&probe->called) == 0);
    print_probe("cleared", probe, set, code);
    code = send_probe(probe, set->devices[1], VDC_Flush);
    MUST(sem_wait(&probe->called) == 0);
    print_probe("again", probe, set, code);
    code = send_probe(probe, set->devices[1], 99);
    MUST(sem_wait(&probe->called) == 0);
    print_probe("unknown", probe, set, code);

    /* Nobody answers the other device. */
    for (sent = 1; sent < MANY; sent++)
    {
        code = send_probe(&probes[sent], set->devices[0], VDC_Flush);
        if (code != 0)
        {
            break;
        }
    }

    print_probe("full", &probes[sent], set, code);
    print_code("R24", openvdi_server_close_device(set->devices[1]));
    print_code("R24", openvdi_server_close_device(set->devices[1]));
    print_probe("closed", probe, set, send_probe(probe, set->devices[1], VDC_Flush));
    print_code("R21", openvdi_server_signal_abort(set->set, "enough"));
    code = join_agent(set);
    print_code("R17", code);
    print_probe("aborted", probe, set, send_probe(probe, set->devices[0], VDC_Flush));
    print_code("R24", openvdi_server_close_device(set->devices[0]));
    print_code("R18", openvdi_server_allocate_buffer(set->set, &buffer, 512, 0));
    for (code = 1; code < sent; code++)
    {
        MUST(probes[code].calls == 1 && probes[code].command.completionCode == ERROR_OPERATION_ABORTED);
        MUST(pthread_equal(probes[code].thread, set->agent));
    }

    printf("outstanding %d\n", sent - 1);
    MUST(openvdi_server_close(set->set) == 0);
    print_probe("gone", probe, set, send_probe(probe, set->devices[0], VDC_Flush));
    print_code("R24", openvdi_server_close_device(set->devices[0]));
}

static void transfer_codes(const char *served, char **names)
{
    struct subject set, fresh, terminated;
    uint8_t *buffer;
    reach(&set, served, ACTIVE, 1);
    reach(&fresh, names[0], DOES_NOT_EXIST, 0);
    reach(&terminated, names[5], NORMALLY_TERMINATED, 1);
    MUST(openvdi_server_open_device(set.set, "b", &set.devices[1]) == 0);

    print_code("R17", openvdi_server_execute_completion_agent(fresh.set, NULL, NULL));
    print_code("R17", terminated.agent_result);
    print_code("R18", openvdi_server_allocate_buffer(fresh.set, &buffer, 512, 0));
    print_code("R18", openvdi_server_allocate_buffer(set.set, &buffer, 0, 0));
    print_code("R18", openvdi_server_allocate_buffer(set.set, &buffer, 512, 0));
    print_code("R19", openvdi_server_free_buffer(fresh.set, buffer, 512));
    print_code("R19", openvdi_server_free_buffer(set.set, buffer, 511));
    print_code("R19", openvdi_server_free_buffer(set.set, buffer, 512));
    print_code("R19", openvdi_server_free_buffer(set.set, buffer, 512));
    print_code("R18", openvdi_server_allocate_buffer(set.set, &buffer, 1u << 20, 0));
    MUST(buffer == NULL);
    print_code("R21", openvdi_server_signal_abort(fresh.set, NULL));
    send_codes(&set);
    print_code("R18", openvdi_server_allocate_buffer(terminated.set, &buffer, 512, 0));
    print_code("R22", openvdi_server_close(terminated.set));
    print_code("R22", openvdi_server_close(terminated.set));
    give_up(&set);
    give_up(&fresh);
    give_up(&terminated);
}

int main(int argc, char **argv)
{
    MUST(argc == 9);
    configuration_codes(argv[1], argv + 3);
    transfer_codes(argv[2], argv + 3);
    return 0;
}
