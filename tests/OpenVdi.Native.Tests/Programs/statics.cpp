// Sets that begin before main and end after it.
//
//   statics SET CODE     leaves main with this exit code, one of its sets open
#include "check.h"

static ClientVirtualDeviceSet untouched;

// Works before main, as any code of the program would.
static struct Early
{
    Early()
    {
        VDConfig config = like_pipe(1);
        char name[64];
        std::snprintf(name, sizeof name, "early %p", static_cast<void *>(this));
        EXPECT_CODE(0, set.Create(name, &config));
        EXPECT_CODE(VD_E_PROTOCOL, set.Create(name, &config));
        EXPECT_CODE(0, set.Close());
    }

    ClientVirtualDeviceSet set;
} early;

int main(int argc, char **argv)
{
    EXPECT_NUMBER(3, argc);
    static ClientVirtualDeviceSet local;
    EXPECT_CODE(VD_E_PROTOCOL, untouched.Close());
    VDConfig config = like_pipe(1);
    EXPECT_CODE(0, early.set.Create(argv[1], &config));
    say("created");
    EXPECT_CODE(0, early.set.GetConfiguration(-1, &config));
    ClientVirtualDevice *device = nullptr;
    EXPECT_CODE(0, early.set.OpenDevice(argv[1], &device));
    VDC_Command *command = nullptr;
    EXPECT_CODE(0, device->GetCommand(-1, &command));
    return std::atoi(argv[2]);
}
