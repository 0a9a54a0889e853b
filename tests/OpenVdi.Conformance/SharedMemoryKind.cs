using OpenVdi.SharedMemory;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>Shared memory, with both halves in this process.</summary>
/// <remarks>The classes over it are one collection and so run one after another: what is mapped when a class ends is that
/// class's. The classes over the twin run beside them and map nothing.</remarks>
public sealed class SharedMemoryKind : TransportKind
{
    /// <inheritdoc/>
    public override VdiTransport CreateTransport() => SharedMemoryTransport.Default;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Remains(string name)
    {
        string path = new Rendezvous("/dev/shm").PathOf(name);
        return
        [
            .. SharedMemoryTransport.Default.ListSets().Where(s => s.Name == name).Select(s => $"'{s.Name}' ({s.State})"),
            .. Directory.EnumerateFileSystemEntries("/dev/shm", Rendezvous.Prefix + "*")
                .Where(e => e.StartsWith(path, StringComparison.Ordinal)),
        ];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Mappings() =>
    [
        .. File.ReadLines("/proc/self/maps").Where(l => l.Contains("memfd:openvdi", StringComparison.Ordinal)),
        .. Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Select(TargetOf)
            .Where(t => t.Contains("memfd:openvdi", StringComparison.Ordinal)),
    ];

    /// <summary>What a descriptor is open on; nothing for one that another thread has closed since it was listed.</summary>
    private static string TargetOf(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.FullName ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
