namespace OpenVdi.Testing.Mtf;

/// <summary>Writes the files' data where somebody opens a stream for it.</summary>
internal sealed class MtfExtraction(Func<MtfFile, Stream?> open) : IDisposable
{
    private MtfFile? _file;
    private Stream? _target;

    /// <summary>A stream of a file begins: who takes its data?</summary>
    public MtfSink? Open(MtfFile file, MtfStream stream)
    {
        if (stream.Id == "SPAR")
        {
            throw NotPlain(file, "data without gaps", "sparse frames");
        }

        if (stream.Id != "STAN")
        {
            return null;
        }

        if (file.Name.Length == 0)
        {
            throw NotPlain(file, "its name in FNAM before its data", "STAN first");
        }

        if ((stream.MediaAttributes & (MtfStreamHeader.Compressed | MtfStreamHeader.Encrypted)) != 0)
        {
            throw NotPlain(file, "plain data", "compressed or encrypted data");
        }

        if (stream.IsContinuation)
        {
            throw NotPlain(file, "the file's beginning", "what goes on from another medium");
        }

        OpenTarget(file);
        Stream? target = _target;
        return target is null ? null : target.Write;
    }

    /// <summary>All streams of a file have passed.</summary>
    public void End(MtfFile file)
    {
        // An empty file may have no data stream at all.
        if (_file != file)
        {
            OpenTarget(file);
        }

        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _target?.Dispose();
        _target = null;
    }

    private void OpenTarget(MtfFile file)
    {
        // A second STAN breaks a rule, which is told at the end of the block.
        Dispose();
        _file = file;
        _target = open(file);
    }

    private static NotSupportedException NotPlain(MtfFile file, string expected, string found) =>
        new($"file '{file.Path}' at offset {file.OffsetBytes}: to be extracted, expected {expected}, found {found}");
}
