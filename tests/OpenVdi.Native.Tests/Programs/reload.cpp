// Loads the library, uses it by the names of its symbols, and unloads it, a hundred times.
//
//   reload LIBRARY SET
#include <dlfcn.h>

#include "check.h"

template <typename Function>
static Function find(void *library, const char *name)
{
    Function function;
    void *address = dlsym(library, name);
    EXPECT(address != nullptr);
    std::memcpy(&function, &address, sizeof function);
    return function;
}

int main(int argc, char **argv)
{
    EXPECT_NUMBER(3, argc);
    for (int i = 0; i < 100; i++) {
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (!library) {
            std::fprintf(stderr, "dlopen: %s\n", dlerror());
            return 1;
        }
        auto construct = find<void (*)(void *)>(library, "_ZN22ClientVirtualDeviceSetC1Ev");
        auto destruct = find<void (*)(void *)>(library, "_ZN22ClientVirtualDeviceSetD1Ev");
        auto create = find<int (*)(void *, char *, VDConfig *)>(library, "_ZN22ClientVirtualDeviceSet6CreateEPcP8VDConfig");
        auto configure =
            find<int (*)(void *, time_t, VDConfig *)>(library, "_ZN22ClientVirtualDeviceSet16GetConfigurationElP8VDConfig");
        auto close = find<int (*)(void *)>(library, "_ZN22ClientVirtualDeviceSet5CloseEv");
        void *set = nullptr;
        construct(&set);
        EXPECT(set != nullptr);
        VDConfig config = like_pipe(1);
        EXPECT_CODE(0, create(&set, argv[2], &config));
        EXPECT_CODE(VD_E_TIMEOUT, configure(&set, 0, &config));
        // Every second time the destructor closes.
        if (i % 2 == 0) {
            EXPECT_CODE(0, close(&set));
        }
        destruct(&set);
        EXPECT_NUMBER(0, dlclose(library));
    }
    return 0;
}
