namespace OpenVdi.Backup.Media;

/// <summary>Where one device's stream is kept. One thread at a time: the device's worker during the run, then whoever
/// publishes and disposes. Nothing here throws for what a file system does: it is said in the result.</summary>
public abstract class Medium : IDisposable
{
    /// <summary>Creates a medium with the name that messages call it.</summary>
    protected Medium(string name) => Name = name;

    /// <summary>What messages call it: the path as the user wrote it, or "standard output".</summary>
    public string Name { get; }

    /// <summary>Whether it honours positions, as a disk-like device must (4.3).</summary>
    public virtual bool CanPosition => false;

    /// <summary>How many bytes it holds, as far as it knows.</summary>
    public virtual long LengthBytes => 0;

    /// <summary>Stores bytes at a position. Sequential media take only the position behind the last byte stored.</summary>
    public abstract TransferOutcome Write(ReadOnlySpan<byte> data, long positionBytes);

    /// <summary>Fills a buffer from a position. Fewer bytes than asked for, without a failure, is the end of the data.</summary>
    public abstract TransferOutcome Read(Span<byte> buffer, long positionBytes);

    /// <summary>Makes all that was written durable, as far as the medium can (K11); fixes its end (AT29).</summary>
    public abstract MediumFailure? Flush();

    /// <summary>Gives what was written its name, durably. Only this makes a backup appear.</summary>
    public virtual MediumFailure? Publish() => null;

    /// <summary>Takes a publication back: what had the name before has it again. Only before <see cref="Dispose()"/>.</summary>
    public virtual MediumFailure? Withdraw() => null;

    /// <summary>Ends a transfer that waits for somebody, now and later. Any thread: the one exception.</summary>
    public virtual void Interrupt()
    {
    }

    /// <summary>Releases the medium. What was not published vanishes.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the medium holds. May be called twice.</summary>
    protected abstract void Release();

    /// <summary>The refusal of a transfer in the direction, or at the position, that this medium does not have.</summary>
    private protected MediumFailure Unsupported(string action) =>
        new(CompletionCode.NotSupported, $"{Name}: cannot {action}: this medium does not offer it");
}
