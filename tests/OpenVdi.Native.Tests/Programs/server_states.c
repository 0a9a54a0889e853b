/* Calls every function of the server half in one state of a set, and prints what it returns.
 *
 *     server_states STATE NAME...     STATE from 0, as enum state; two sets for each of the 15 rows
 */
#include "server_kit.h"

static int call(int row, enum state state, struct subject *subject, openvdi_server_device device, uint8_t *buffer,
    struct probe *probe)
{
    struct VDConfig config;
    openvdi_server_device opened;
    uint8_t *allocated;
    uint32_t count;
    openvdi_server_set set = subject->set;
    switch (row)
    {
    case 1: return openvdi_server_open(set, NULL, subject->name);
    case 2: return openvdi_server_get_configuration(set, &config);
    case 3: return openvdi_server_begin_configuration(set, VDF_WriteMedia, 512, 0, BUFFER_SIZE, -1);
    case 4: return openvdi_server_request_buffers(set, BUFFER_SIZE, 0, 1);
    case 5: return openvdi_server_query_available_buffers(set, BUFFER_SIZE, 0, &count);
    case 6: return openvdi_server_end_configuration(set);
    case 7: return openvdi_server_open_device(set, state == ACTIVE ? "b" : subject->name, &opened);
    case 8:
        /* Where the agent runs it does not return: that it runs is its NOERROR. */
        if (start_agent(subject))
        {
            MUST(openvdi_server_signal_abort(set, NULL) == 0);
            MUST(join_agent(subject) == VD_E_ABORT);
            return 0;
        }

        return join_agent(subject);
    case 9: return openvdi_server_allocate_buffer(set, &allocated, 512, 0);
    case 10: return openvdi_server_free_buffer(set, buffer, 512);
    case 11: return openvdi_server_is_shared_buffer(set, buffer);
    case 12: return send_probe(probe, device, VDC_Flush);
    case 13: return openvdi_server_close_device(device);
    case 14: return openvdi_server_signal_abort(set, NULL);
    default: return openvdi_server_close(set);
    }
}

int main(int argc, char **argv)
{
    enum state state = (enum state)(argc > 1 ? atoi(argv[1]) : 0);
    int row;
    MUST(argc == 2 + 2 * 15);
    for (row = 1; row <= 15; row++)
    {
        struct subject subject, left;
        struct probe probe;
        char what[8];
        int code;
        reach(&subject, argv[2 * row], state, row != 8);

        /* What a state has no device or buffer of its own for is tried with those of a set that is closed. */
        reach(&left, argv[2 * row + 1], ACTIVE, 1);
        MUST(openvdi_server_close(left.set) == VD_E_PROTOCOL);
        MUST(join_agent(&left) == 0);
        code = call(row, state, &subject, state < ACTIVE ? left.devices[0] : subject.devices[0],
            state < INITIALIZING ? left.buffer : subject.buffer, &probe);
        snprintf(what, sizeof what, "S%d", row);
        print_code(what, code);
        give_up(&subject);
        MUST(openvdi_server_destroy(left.set) == 0);
        if (row == 12)
        {
            printf("callbacks %d %d\n", probe.calls, probe.command.completionCode);
        }
    }

    return 0;
}
