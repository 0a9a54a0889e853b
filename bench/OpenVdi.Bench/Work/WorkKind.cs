namespace OpenVdi.Bench.Work;

/// <summary>Which way the bytes go.</summary>
internal enum Direction
{
    /// <summary>The server fills, the client consumes.</summary>
    Backup,

    /// <summary>The client fills, the server consumes.</summary>
    Restore,
}

/// <summary>What filling and consuming cost.</summary>
public enum WorkKind
{
    /// <summary>The producer copies from memory of its own, the consumer to memory of its own, as reading and writing a
    /// file from and to the page cache do. All bytes cross; both sides touch each of them.</summary>
    Copy,

    /// <summary>Stamps only: what the transport itself costs. Only channels that share memory gain by it.</summary>
    Touch,
}
