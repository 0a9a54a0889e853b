namespace OpenVdi.Tape;

/// <summary>
/// Takes what a reader finds, in the order of the medium. Blocks but FILE come when their checksum was right; the bytes of
/// streams come before it, and are proved by the next <see cref="OnVerified"/>.
/// </summary>
/// <remarks>What a sink throws passes through the reader, which is then at its end.</remarks>
public interface ITapeSink
{
    /// <summary>TAPE: the medium begins.</summary>
    /// <param name="header">What it says.</param>
    /// <param name="family">The media set, and which of its stripes this is.</param>
    void OnMediaHeader(TapeBlock header, MediaFamily family);

    /// <summary>A filemark.</summary>
    /// <param name="physicalBlock">Where: physical blocks from the start of the medium.</param>
    void OnFilemark(long physicalBlock);

    /// <summary>SSET: a data set begins.</summary>
    /// <param name="set">What it says.</param>
    /// <param name="record">What the backup is.</param>
    void OnSetStart(StartOfSetBlock set, BackupRecord record);

    /// <summary>VOLB: a volume.</summary>
    /// <param name="volume">What it says.</param>
    void OnVolume(VolumeBlock volume);

    /// <summary>DIRB: a directory. A restore must not believe its path: it may lead out of the folder it is meant for.</summary>
    /// <param name="directory">What it says.</param>
    void OnDirectory(DirectoryBlock directory);

    /// <summary>FILE: a file. Only its header's checksum was looked at; of a file in pieces, OnVerified comes before the first
    /// byte.</summary>
    /// <param name="file">What it says. Its name has no separators.</param>
    void OnFile(FileBlock file);

    /// <summary>A stream begins: data of the file, or a stream that this version does not know.</summary>
    /// <param name="stream">Its header.</param>
    /// <param name="fileOffsetBytes">Where in the file its bytes belong; 0 for other streams. It was proved for pieces.</param>
    void OnStreamBegin(StreamHeader stream, long fileOffsetBytes);

    /// <summary>The next bytes of the stream, where the caller of the reader has them: not copied, gone after the call.</summary>
    /// <param name="bytes">At least one byte.</param>
    void OnData(ReadOnlySpan<byte> bytes);

    /// <summary>The stream has given all its bytes.</summary>
    void OnStreamEnd();

    /// <summary>A checksum was right: all before it is what was written.</summary>
    /// <param name="offsetBytes">Up to where, from the start of the medium.</param>
    void OnVerified(long offsetBytes);

    /// <summary>ESET: the data set ends. The set is only complete with the filemark behind this.</summary>
    /// <param name="set">What it says; the set may be aborted.</param>
    /// <param name="totals">What the set holds, which the reader has compared with what it saw.</param>
    void OnSetEnd(EndOfSetBlock set, SetTotals totals);
}
