namespace OpenVdi.Bench.Contenders;

/// <summary>Who carries the bytes.</summary>
internal enum ContenderKind
{
    /// <summary>OpenVdi over shared memory.</summary>
    Vdi,

    /// <summary>Shared memory and a futex, nothing else; sleeps at once.</summary>
    FloorFutex,

    /// <summary>The same, but spins for up to 50 us before it sleeps.</summary>
    FloorSpin,

    /// <summary>An anonymous pipe as it comes, 64 KiB.</summary>
    Pipe,

    /// <summary>An anonymous pipe of 1 MiB, the most that anybody may ask for.</summary>
    WidePipe,

    /// <summary>A Unix stream socket.</summary>
    UnixSocket,

    /// <summary>NamedPipeServerStream and NamedPipeClientStream.</summary>
    NamedPipe,

    /// <summary>A memory-mapped file, one transfer at a time: a byte through a pipe for it, and one back.</summary>
    MappedFile,

    /// <summary>A memory-mapped file with as many transfers under way as the others have buffers.</summary>
    MappedFileQueue,

    /// <summary>One copy in one process.</summary>
    Copy,

    /// <summary>OpenVdi, with the client half from libsqlvdi.so, called as a C++ program calls it. Only when asked for.</summary>
    Library,

    /// <summary>A floor that forgets a wake-up: proof that the watchdog sees one.</summary>
    FloorForgetful,
}

/// <summary>The names of contenders in tables and in JSON.</summary>
internal static class ContenderNames
{
    public static string Name(this ContenderKind kind) => kind switch
    {
        ContenderKind.Vdi => "vdi",
        ContenderKind.FloorFutex => "floor-futex",
        ContenderKind.FloorSpin => "floor-spin",
        ContenderKind.Pipe => "pipe",
        ContenderKind.WidePipe => "pipe-1m",
        ContenderKind.UnixSocket => "socket",
        ContenderKind.NamedPipe => "named-pipe",
        ContenderKind.MappedFile => "mmap+pipe",
        ContenderKind.MappedFileQueue => "mmap+pipe-queue",
        ContenderKind.Copy => "memcpy",
        ContenderKind.Library => "libsqlvdi",
        ContenderKind.FloorForgetful => "floor-forgetful",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a contender"),
    };
}
