namespace OpenVdi.Tape.Tests;

/// <summary>Takes everything and keeps nothing.</summary>
internal sealed class Ignored : ITapeSink
{
    public void OnMediaHeader(TapeBlock header, MediaFamily family)
    {
    }

    public void OnFilemark(long physicalBlock)
    {
    }

    public void OnSetStart(StartOfSetBlock set, BackupRecord record)
    {
    }

    public void OnVolume(VolumeBlock volume)
    {
    }

    public void OnDirectory(DirectoryBlock directory)
    {
    }

    public void OnFile(FileBlock file)
    {
    }

    public void OnStreamBegin(StreamHeader stream, long fileOffsetBytes)
    {
    }

    public void OnData(ReadOnlySpan<byte> bytes)
    {
    }

    public void OnStreamEnd()
    {
    }

    public void OnVerified(long offsetBytes)
    {
    }

    public void OnSetEnd(EndOfSetBlock set, SetTotals totals)
    {
    }

    /// <summary>Reads a medium.</summary>
    /// <returns>Null; or why it is not whole.</returns>
    public static TapeFormatException? Read(ReadOnlySpan<byte> medium)
    {
        try
        {
            TapeReader reader = new(new Ignored());
            reader.Push(medium);
            reader.End();
            return null;
        }
        catch (TapeFormatException exception)
        {
            return exception;
        }
    }
}
