using System.Globalization;
using OpenVdi.Bench.Interop;

namespace OpenVdi.Bench.Machine;

/// <summary>Which processor the server and which the client runs on.</summary>
/// <param name="ServerCore">The server's.</param>
/// <param name="ClientCore">The client's.</param>
internal readonly record struct CorePlan(int ServerCore, int ClientCore)
{
    // Of this process; -1 while it is not bound.
    private static int s_core = -1;

    public bool IsShared => ServerCore == ClientCore;

    /// <summary>A core for each process, two real ones when the machine has them; the same twice when it has but one.</summary>
    public static CorePlan Apart()
    {
        List<int> cores = LinuxNative.AllowedCores();
        int first = cores[0];
        string siblings = SiblingsOf(first);
        int second = cores.Skip(1).Where(core => SiblingsOf(core) != siblings || siblings.Length == 0)
            .DefaultIfEmpty(cores[^1]).First();
        return new CorePlan(first, second);
    }

    /// <summary>One core for both.</summary>
    public CorePlan Together() => new(ServerCore, ServerCore);

    /// <summary>Binds every thread of this process. The runtime gives a new thread all the process's cores again: see
    /// <see cref="BindThread"/> and <see cref="BindNewThreads"/>.</summary>
    public static void BindProcess(int core)
    {
        s_core = core;
        BindNewThreads();
    }

    /// <summary>Binds the threads that were started since.</summary>
    public static void BindNewThreads()
    {
        foreach (string task in s_core < 0 ? [] : Directory.GetDirectories("/proc/self/task"))
        {
            _ = LinuxNative.TryBind(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), s_core);
        }
    }

    /// <summary>Binds the calling thread.</summary>
    public static void BindThread()
    {
        if (s_core >= 0)
        {
            _ = LinuxNative.TryBind(0, s_core);
        }
    }

    private static string SiblingsOf(int core)
    {
        string path = $"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list";
        return File.Exists(path) ? File.ReadAllText(path).Trim() : string.Empty;
    }
}
