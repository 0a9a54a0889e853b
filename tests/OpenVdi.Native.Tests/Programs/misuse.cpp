// Wrong arguments and objects that are none: a code for each, never a crash.
//
//   misuse SET SEED      with an engine at the other end that sends two writes of 512 bytes to the first device and one to
//                        the second, "device2", and one more when it is told that the program waits
#include <climits>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "check.h"

static char *chars(std::string &text) { return &text[0]; }

// Every function of an object that is no set.
static void call_set(ClientVirtualDeviceSet *set)
{
    std::string name = "a name";
    VDConfig config = like_pipe(1);
    ClientVirtualDevice *device = reinterpret_cast<ClientVirtualDevice *>(&config);
    unsigned handle = 0;
    uint8_t byte = 0, *buffer = nullptr;
    EXPECT_CODE(VD_E_INVALID, set->Create(chars(name), &config));
    EXPECT_CODE(VD_E_INVALID, set->OpenInSecondary(chars(name)));
    EXPECT_CODE(VD_E_INVALID, set->GetConfiguration(0, &config));
    EXPECT_CODE(VD_E_INVALID, set->OpenDevice(chars(name), &device));
    EXPECT(device == nullptr);
    EXPECT_CODE(VD_E_INVALID, set->GetBufferHandle(&byte, &handle));
    EXPECT_CODE(VD_E_INVALID, set->MapBufferHandle(1, &buffer));
    EXPECT_CODE(VD_E_INVALID, set->SignalAbort());
    EXPECT_CODE(VD_E_INVALID, set->Close());
    set->RegisterDeviceClosed();
}

// Every function of an object that is no device.
static void call_device(ClientVirtualDevice *device)
{
    VDC_Command none = VDC_Command(), *command = &none;
    EXPECT_CODE(VD_E_INVALID, device->GetCommand(-1, &command));
    EXPECT(command == nullptr);
    EXPECT_CODE(VD_E_INVALID, device->CompleteCommand(&none, 0, 0, 0));
    EXPECT_CODE(VD_E_INVALID, device->CompleteCommand(nullptr, 0, 0, 0));
}

// Objects that no constructor made: nothing, zeros, chance, and numbers close to a real one.
static void check_objects(ClientVirtualDeviceSet &real, ClientVirtualDevice *realDevice, unsigned seed)
{
    ClientVirtualDeviceSet *volatile noSet = nullptr;
    ClientVirtualDevice *volatile noDevice = nullptr;
    call_set(noSet);
    call_device(noDevice);

    std::mt19937_64 random(seed);
    uint64_t setNumber, deviceNumber;
    std::memcpy(&setNumber, static_cast<void *>(&real), sizeof setNumber);
    std::memcpy(&deviceNumber, static_cast<void *>(realDevice), sizeof deviceNumber);
    std::vector<uint64_t> images = {0, 1, ~0ull, 1ull << 63, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF00000000};
    for (uint64_t number : {setNumber, deviceNumber}) {
        for (int bit = 0; bit < 64; bit++) {
            images.push_back(number ^ (1ull << bit));
        }
    }
    for (int i = 0; i < 1000; i++) {
        images.push_back(random());
    }
    for (uint64_t image : images) {
        // A number of the other kind may be a real one of this kind; a changed one may meet its neighbour.
        if (image != setNumber) {
            call_set(reinterpret_cast<ClientVirtualDeviceSet *>(&image));
        }
        if (image != deviceNumber) {
            call_device(reinterpret_cast<ClientVirtualDevice *>(&image));
        }
    }

    // Destroyed, destroyed again, and a device that a program made itself.
    alignas(ClientVirtualDeviceSet) unsigned char place[sizeof(ClientVirtualDeviceSet)];
    ClientVirtualDeviceSet *ended = new (place) ClientVirtualDeviceSet;
    uint64_t was;
    std::memcpy(&was, place, sizeof was);
    ended->~ClientVirtualDeviceSet();
    call_set(ended);
    ended->~ClientVirtualDeviceSet();
    std::memcpy(place, &was, sizeof was);
    call_set(ended);
    ClientVirtualDevice own;
    call_device(&own);
}

static void check_names()
{
    ClientVirtualDeviceSet set;
    VDConfig config = like_pipe(1);
    std::vector<std::string> names = {
        "", "a\\b", "\xFF\xFE", "\xC0\xAF", "\xED\xA0\x80", "caf\xE9", "\xF4\x90\x80\x80", "cut \xE2\x82",
        std::string(201, 'n'), std::string(4095, 'n'), std::string(4096, 'n'), std::string(1 << 20, 'n')};
    for (std::string &name : names) {
        EXPECT_CODE(VD_E_INVALID, set.Create(chars(name), &config));
        EXPECT_CODE(VD_E_INVALID, set.OpenInSecondary(chars(name)));
    }
    EXPECT_CODE(VD_E_INVALID, set.Create(nullptr, &config));
    EXPECT_CODE(VD_E_INVALID, set.OpenInSecondary(nullptr));

    // As long as a name may be, in bytes that take three for a character; and what a file's name could not be.
    std::string euros;
    for (int i = 0; i < 200; i++) {
        euros += "\xE2\x82\xAC";
    }
    for (std::string name : {euros, std::string(200, 'n'), std::string("../a/%2F \n*")}) {
        EXPECT_CODE(VD_E_INVALID, set.Create(chars(name), nullptr));
        EXPECT_CODE(0, set.Create(chars(name), &config));
        EXPECT_CODE(0, set.Close());
    }
}

static void check_configurations(std::string name)
{
    ClientVirtualDeviceSet set;
    VDConfig config = like_pipe(0);
    EXPECT_CODE(VD_E_NOTSUPPORTED, set.Create(chars(name), &config));
    config.deviceCount = 65;
    EXPECT_CODE(VD_E_NOTSUPPORTED, set.Create(chars(name), &config));
    config = like_pipe(1);
    config.features = VDF_SkipBlocks;
    EXPECT_CODE(VD_E_NOTSUPPORTED, set.Create(chars(name), &config));
    config = like_pipe(1);
    config.alignment = 3;
    EXPECT_CODE(VD_E_NOTSUPPORTED, set.Create(chars(name), &config));
    config = like_pipe(1);
    config.prefixZoneSize = UINT_MAX;
    EXPECT_CODE(VD_E_NOTSUPPORTED, set.Create(chars(name), &config));
    EXPECT_CODE(VD_E_PROTOCOL, set.Close());
}

static void check_set_arguments(ClientVirtualDeviceSet &set, VDC_Command *command, unsigned seed)
{
    EXPECT_CODE(VD_E_INVALID, set.GetConfiguration(-1, nullptr));
    std::string name = "device2";
    ClientVirtualDevice *device = nullptr;
    EXPECT_CODE(VD_E_INVALID, set.OpenDevice(chars(name), nullptr));
    EXPECT_CODE(VD_E_INVALID, set.OpenDevice(nullptr, nullptr));
    unsigned handle = 0;
    uint8_t *buffer = nullptr, byte = 0;
    EXPECT_CODE(VD_E_INVALID, set.GetBufferHandle(nullptr, &handle));
    EXPECT_CODE(VD_E_INVALID, set.GetBufferHandle(command->buffer, nullptr));
    EXPECT_CODE(VD_E_INVALID, set.GetBufferHandle(&byte, &handle));
    EXPECT_CODE(VD_E_INVALID, set.GetBufferHandle(reinterpret_cast<uint8_t *>(-1), &handle));
    EXPECT_CODE(0, set.GetBufferHandle(command->buffer, &handle));
    EXPECT_CODE(VD_E_INVALID, set.MapBufferHandle(static_cast<int>(handle), nullptr));
    EXPECT_CODE(0, set.MapBufferHandle(static_cast<int>(handle), &buffer));
    EXPECT(buffer == command->buffer);
    std::mt19937 random(seed);
    for (int i = 0; i < 1000; i++) {
        // An area number that the set has not: there is one area.
        int garbage = static_cast<int>(random() | 0x00800000u);
        EXPECT_CODE(VD_E_INVALID, set.MapBufferHandle(garbage, &buffer));
    }
    EXPECT_CODE(VD_E_OPEN, set.OpenDevice(chars(name), &device));
    EXPECT(device == nullptr);
}

static void check_commands(ClientVirtualDevice *first, ClientVirtualDevice *second)
{
    EXPECT_CODE(VD_E_INVALID, first->GetCommand(-1, nullptr));
    VDC_Command *one = nullptr, *two = nullptr, *other = nullptr;
    EXPECT_CODE(0, first->GetCommand(LONG_MAX, &one));
    EXPECT_CODE(0, first->GetCommand(LONG_MIN, &two));
    EXPECT_CODE(0, second->GetCommand(-1, &other));
    VDC_Command copy = *one;

    char *bytes = reinterpret_cast<char *>(one);
    std::vector<void *> wrong = {nullptr, &copy, other, bytes + 1, bytes + 8, bytes - sizeof *one, bytes + sizeof *one * 2,
        bytes + sizeof *one * 1000, first, reinterpret_cast<void *>(-8)};
    for (void *pointer : wrong) {
        EXPECT_CODE(VD_E_INVALID, first->CompleteCommand(static_cast<VDC_Command *>(pointer), ERROR_SUCCESS, 512, 0));
    }
    for (unsigned long transferred : {513ul, 0xFFFFFFFFul, 0x100000000ul, 0x100000200ul, ULONG_MAX}) {
        EXPECT_CODE(VD_E_INVALID, first->CompleteCommand(one, ERROR_SUCCESS, transferred, 0));
    }

    // A command is to be read only; what a program writes into it changes nothing.
    one->size = INT_MAX;
    one->buffer = nullptr;
    one->commandCode = VDC_Flush;
    EXPECT_CODE(0, first->CompleteCommand(one, ERROR_SUCCESS, 512, LLONG_MIN));
    EXPECT_CODE(VD_E_INVALID, first->CompleteCommand(one, ERROR_SUCCESS, 512, 0));
    EXPECT_CODE(0, second->CompleteCommand(other, ERROR_SUCCESS, 512, 0));

    VDC_Command *late = one;
    EXPECT_CODE(VD_E_TIMEOUT, first->GetCommand(0, &late));
    EXPECT(late == nullptr);
    say("waiting");
    EXPECT_CODE(0, first->GetCommand(LONG_MAX, &late));
    EXPECT_CODE(0, first->CompleteCommand(late, ERROR_SUCCESS, 0, 0));
    // Any number that is not success is a failure.
    EXPECT_CODE(0, first->CompleteCommand(two, INT_MIN, 0, -1));
}

int main(int argc, char **argv)
{
    EXPECT_NUMBER(3, argc);
    unsigned seed = static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10));
    check_names();
    check_configurations(argv[1]);

    ClientVirtualDeviceSet set;
    VDConfig config = like_pipe(2);
    EXPECT_CODE(0, set.Create(argv[1], &config));
    EXPECT_CODE(VD_E_TIMEOUT, set.GetConfiguration(0, &config));
    say("created");
    EXPECT_CODE(0, set.GetConfiguration(LONG_MAX, &config));
    EXPECT_CODE(0, set.GetConfiguration(LONG_MIN, &config));
    ClientVirtualDevice *first = nullptr, *second = nullptr;
    EXPECT_CODE(0, set.OpenDevice(argv[1], &first));
    EXPECT_CODE(VD_E_INVALID, set.OpenDevice(nullptr, &second));
    std::string invalid = "\xFF";
    EXPECT_CODE(VD_E_INVALID, set.OpenDevice(chars(invalid), &second));
    std::string name = "device2";
    EXPECT_CODE(0, set.OpenDevice(chars(name), &second));

    check_objects(set, first, seed);
    VDC_Command *command = nullptr;
    EXPECT_CODE(0, second->GetCommand(-1, &command));
    check_set_arguments(set, command, seed);
    EXPECT_CODE(0, second->CompleteCommand(command, ERROR_SUCCESS, 512, 0));
    check_commands(first, second);
    await_line("end");
    EXPECT_CODE(0, set.SignalAbort());
    EXPECT_CODE(0, set.Close());
    VDC_Command *none = nullptr;
    EXPECT_CODE(VD_E_PROTOCOL, first->GetCommand(-1, &none));
    EXPECT_CODE(VD_E_PROTOCOL, first->CompleteCommand(nullptr, 0, 0, 0));
    return 0;
}
