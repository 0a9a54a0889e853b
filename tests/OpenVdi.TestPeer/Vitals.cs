using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OpenVdi.TestPeer;

/// <summary>What this process holds of the system: to see that set after set leaves nothing behind.</summary>
internal static partial class Vitals
{
    public static void Report(Request request, EventWriter events)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using Process self = Process.GetCurrentProcess();
        string[] descriptors = [.. Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(Target)];
        events.Write(
            "vitals",
            request.Text("run", string.Empty),
            ("descriptors", descriptors.Length),
            ("openvdi", descriptors.Count(static target => target.Contains("openvdi", StringComparison.Ordinal))),
            ("sockets", descriptors.Count(static target => target.StartsWith("socket:", StringComparison.Ordinal))),
            ("mappings", MappedRange.OfThisProcess().Count),
            ("threads", self.Threads.Count),
            ("heap", GC.GetTotalMemory(forceFullCollection: true)),
            ("resident", self.WorkingSet64));
    }

    /// <summary>Tries to cut and to grow every memfd of the sets that this process has open, as a hostile peer would.</summary>
    public static void Truncate(Request request, EventWriter events)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            string target = Target(path);
            if (!target.Contains("openvdi", StringComparison.Ordinal) || !target.Contains("memfd", StringComparison.Ordinal))
            {
                continue;
            }

            int result = FTruncate(int.Parse(Path.GetFileName(path), System.Globalization.CultureInfo.InvariantCulture), 0);
            events.Write("truncated", request["run"], ("target", target), ("returned", result),
                ("errno", result == 0 ? 0 : Marshal.GetLastPInvokeError()));
        }

        events.Write("result", request["run"], ("id", request.Text("id", string.Empty)), ("code", VdResult.Ok));
    }

    private static string Target(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: false)?.FullName is { } full ? Path.GetFileName(full) : path;
        }
        catch (IOException)
        {
            // The descriptor of the enumeration itself is gone by now.
            return path;
        }
    }

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int FTruncate(int descriptor, long length);
}
