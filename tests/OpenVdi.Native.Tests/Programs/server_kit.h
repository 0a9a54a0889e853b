/* What the test programs of the server half share: a set brought into a state, its agent on a thread, commands that count
 * their callbacks. Sets are made by the test, with two devices each: the set's name, and "b". */
#ifndef SERVER_KIT_H
#define SERVER_KIT_H

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "openvdi_server.h"

#define BUFFER_SIZE 65536u

/* Ends the program over what only a defect can bring about. */
#define MUST(condition)                                                      \
    do                                                                       \
    {                                                                        \
        if (!(condition))                                                    \
        {                                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(3);                                                         \
        }                                                                    \
    } while (0)

enum state { DOES_NOT_EXIST, CONNECTED, CONFIGURABLE, INITIALIZING, ACTIVE, NORMALLY_TERMINATED, ABORTED };

struct subject
{
    const char *name;
    openvdi_server_set set;
    openvdi_server_device devices[2];
    uint8_t *buffer; /* 512 bytes of it are allocated */
    pthread_t agent;
    sem_t started;   /* the agent runs, or was refused */
    int has_agent;
    int is_running;
    int agent_result;
};

struct probe
{
    struct VDS_Command command;
    pthread_t thread; /* of the last callback */
    sem_t called;
    int calls;
};

static inline void agent_running(void *context)
{
    struct subject *subject = (struct subject *)context;
    subject->is_running = 1;
    MUST(sem_post(&subject->started) == 0);
}

static inline void *agent_main(void *context)
{
    struct subject *subject = (struct subject *)context;
    subject->agent_result = openvdi_server_execute_completion_agent(subject->set, agent_running, subject);
    if (!subject->is_running)
    {
        MUST(sem_post(&subject->started) == 0);
    }

    return NULL;
}

/* Returns when the agent runs, or was refused. */
static inline int start_agent(struct subject *subject)
{
    subject->is_running = 0;
    MUST(sem_init(&subject->started, 0, 0) == 0);
    MUST(pthread_create(&subject->agent, NULL, agent_main, subject) == 0);
    MUST(sem_wait(&subject->started) == 0);
    subject->has_agent = 1;
    return subject->is_running;
}

/* Awaits the agent's return. */
static inline int join_agent(struct subject *subject)
{
    MUST(subject->has_agent && pthread_join(subject->agent, NULL) == 0);
    subject->has_agent = 0;
    return subject->agent_result;
}

static inline void reach(struct subject *subject, const char *name, enum state state, int with_agent)
{
    memset(subject, 0, sizeof *subject);
    subject->name = name;
    MUST(openvdi_server_create(&subject->set) == 0);
    MUST(state < CONNECTED || openvdi_server_open(subject->set, NULL, name) == 0);
    MUST(state < CONFIGURABLE
        || openvdi_server_begin_configuration(subject->set, VDF_WriteMedia, 512, 0, BUFFER_SIZE, -1) == 0);
    MUST(state < INITIALIZING || openvdi_server_request_buffers(subject->set, BUFFER_SIZE, 0, 4) == 0);
    MUST(state < INITIALIZING || openvdi_server_end_configuration(subject->set) == 0);
    MUST(state < INITIALIZING || openvdi_server_allocate_buffer(subject->set, &subject->buffer, 512, 0) == 0);
    MUST(state < ACTIVE || openvdi_server_open_device(subject->set, name, &subject->devices[0]) == 0);
    MUST(state < ACTIVE || (state == ACTIVE && !with_agent) || start_agent(subject));
    if (state == NORMALLY_TERMINATED)
    {
        MUST(openvdi_server_open_device(subject->set, "b", &subject->devices[1]) == 0);
        MUST(openvdi_server_close_device(subject->devices[0]) == 0);
        MUST(openvdi_server_close_device(subject->devices[1]) == 0);
        MUST(join_agent(subject) == 0);
    }
    else if (state == ABORTED)
    {
        MUST(openvdi_server_signal_abort(subject->set, "a test") == 0);
        MUST(join_agent(subject) == VD_E_ABORT);
    }
}

static inline void give_up(struct subject *subject)
{
    openvdi_server_signal_abort(subject->set, NULL);
    if (subject->has_agent)
    {
        join_agent(subject);
    }

    MUST(openvdi_server_destroy(subject->set) == 0);
}

static inline void probe_called(struct VDS_Command *command)
{
    struct probe *probe = (struct probe *)(void *)command->completionContext;
    MUST(&probe->command == command);
    probe->calls++;
    probe->thread = pthread_self();
    MUST(sem_post(&probe->called) == 0);
}

/* Sends a command that carries nothing. */
static inline int send_probe(struct probe *probe, openvdi_server_device device, int code)
{
    memset(probe, 0, sizeof *probe);
    MUST(sem_init(&probe->called, 0, 0) == 0);
    probe->command.commandCode = code;
    probe->command.completionCode = -1;
    openvdi_server_set_completion(&probe->command, probe_called, probe);
    return openvdi_server_send_command(device, &probe->command);
}

static inline void print_code(const char *what, int code)
{
    printf("%s 0x%08X\n", what, (unsigned)code);
}

#endif
