using System.Globalization;

namespace OpenVdi.SharedMemory;

/// <summary>How much shared memory this process can still get. Linux hands out more than there is and then kills a process;
/// so the question is asked before.</summary>
internal static class MemoryBudget
{
    // Left for everybody else: the machine needs some memory to end the operation in order.
    private const long ReserveBytes = 64L << 20;

    /// <summary>What can be had, and who says so.</summary>
    /// <param name="Bytes">Bytes available.</param>
    /// <param name="Source">Which limit that is.</param>
    internal readonly record struct Limit(long Bytes, string Source);

    /// <summary>The narrowest limit: the machine's memory or that of one of this process's control groups.</summary>
    public static Limit Read() => Read("/proc/meminfo", "/proc/self/cgroup", "/sys/fs/cgroup");

    /// <summary>VD_E_MEMORY in words when a wish is beyond a limit.</summary>
    public static VdFailure? Refuse(long wantedBytes, Limit limit) => wantedBytes <= limit.Bytes - ReserveBytes
        ? null
        : new VdFailure(
            VdResult.OutOfMemory,
            $"{wantedBytes} bytes of shared memory wanted, {Math.Max(0, limit.Bytes - ReserveBytes)} can be had ({limit.Source}, less "
                + $"{ReserveBytes} kept free)",
            "ask for fewer or smaller buffers (BUFFERCOUNT, MAXTRANSFERSIZE), or give the machine or the container more memory.");

    /// <summary>As <see cref="Read()"/>, from other files.</summary>
    internal static Limit Read(string memInfoPath, string cgroupPath, string cgroupRoot)
    {
        Limit limit = new(ReadMemAvailable(memInfoPath), "MemAvailable of /proc/meminfo");
        string? group = ReadFirstLine(cgroupPath);
        if (group is null || !group.StartsWith("0::/", StringComparison.Ordinal))
        {
            return limit;
        }

        // Every group on the way up has its own limit (cgroup v2).
        for (string path = group[3..]; ; path = path[..path.LastIndexOf('/')])
        {
            string folder = cgroupRoot + path.TrimEnd('/');
            if (ReadNumber($"{folder}/memory.max") is { } max && ReadNumber($"{folder}/memory.current") is { } current
                && max - current < limit.Bytes)
            {
                limit = new Limit(max - current, $"memory.max of {folder}");
            }

            if (path.Length <= 1)
            {
                return limit;
            }
        }
    }

    private static long ReadMemAvailable(string path)
    {
        foreach (string line in File.ReadLines(path))
        {
            if (line.StartsWith("MemAvailable:", StringComparison.Ordinal))
            {
                string number = line["MemAvailable:".Length..].Replace("kB", string.Empty, StringComparison.Ordinal);
                return long.Parse(number, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
                    CultureInfo.InvariantCulture) * 1024;
            }
        }

        return long.MaxValue;
    }

    private static long? ReadNumber(string path) =>
        long.TryParse(ReadFirstLine(path), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static string? ReadFirstLine(string path)
    {
        try
        {
            using StreamReader reader = new(path);
            return reader.ReadLine();
        }
        catch (IOException)
        {
            // No such group, or no control groups at all: then this file sets no limit.
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
