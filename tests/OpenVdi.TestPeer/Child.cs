using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OpenVdi.TestPeer;

/// <summary>Leaves a child behind that outlives this process: one that was executed, or a mere fork, which holds a copy
/// of every descriptor and mapping. A peer must be seen to be dead all the same.</summary>
internal static unsafe class Child
{
    public static void Start(Request request, EventWriter events)
    {
        int process = request["kind"] == "fork" ? Fork() : Execute();
        events.Write("child", request["run"], ("process", process));
    }

    private static int Execute()
    {
        using Process child = Process.Start(new ProcessStartInfo("sleep", "600") { UseShellExecute = false })!;
        return child.Id;
    }

    private static int Fork()
    {
        nint library = NativeLibrary.Load("libc.so.6");
        // Both resolved before the fork and called without a transition: the child, which has one thread only, must touch
        // nothing of the runtime.
        var fork = (delegate* unmanaged[SuppressGCTransition]<int>)NativeLibrary.GetExport(library, "fork");
        var pause = (delegate* unmanaged[SuppressGCTransition]<int>)NativeLibrary.GetExport(library, "pause");
        int process = fork();
        while (process == 0)
        {
            _ = pause();
        }

        return process;
    }
}
