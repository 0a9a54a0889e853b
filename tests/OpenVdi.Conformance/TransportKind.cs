using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>What a suite runs over. One object for each test class; it checks, when the class is done, that the class left
/// nothing behind.</summary>
public abstract class TransportKind : IDisposable
{
    private readonly List<string> _names = [];

    /// <summary>The transport.</summary>
    public abstract VdiTransport CreateTransport();

    /// <summary>A set name that nobody else has, now or ever (N1).</summary>
    public string NewName()
    {
        string name = Guid.NewGuid().ToString("D");
        lock (_names)
        {
            _names.Add(name);
        }

        return name;
    }

    /// <summary>Notes a name that a test made itself.</summary>
    public string Noted(string name)
    {
        lock (_names)
        {
            _names.Add(name);
        }

        return name;
    }

    /// <summary>What the kernel still knows of a set of this name; nothing is right once both halves have closed.</summary>
    public abstract IReadOnlyList<string> Remains(string name);

    /// <summary>What this process still has mapped or open of any set.</summary>
    public abstract IReadOnlyList<string> Mappings();

    /// <summary>Throws, and thereby fails the class, when something is left.</summary>
    public void Dispose()
    {
        Check();
        GC.SuppressFinalize(this);
    }

    private void Check()
    {
        foreach (string name in _names)
        {
            IReadOnlyList<string> remains = Remains(name);
            if (remains.Count > 0)
            {
                throw new ScriptFailedException($"set '{name}' left behind: {string.Join(", ", remains)}");
            }
        }

        IReadOnlyList<string> mappings = Mappings();
        if (mappings.Count > 0)
        {
            throw new ScriptFailedException($"still mapped or open: {string.Join(", ", mappings)}");
        }
    }
}

/// <summary>The twin within the process.</summary>
public sealed class InProcessKind : TransportKind
{
    // A limit, so that there is an impossible sum here as there is on a machine.
    private readonly InProcessTransport _transport = new(maxBufferBytes: 1L << 30);

    /// <inheritdoc/>
    public override VdiTransport CreateTransport() => _transport;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Remains(string name) =>
        [.. _transport.ListSets().Where(s => s.Name == name).Select(s => $"'{s.Name}' ({s.State})")];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Mappings() => [];
}
