namespace OpenVdi.Tape;

/// <summary>What the bytes are that a reader takes next.</summary>
internal enum ReaderPart
{
    /// <summary>The header of a block; it is kept.</summary>
    BlockHead,

    /// <summary>The rest of a block up to its first stream; it is kept behind the header.</summary>
    BlockBody,

    /// <summary>The rest of a filemark; it is compared.</summary>
    Filemark,

    /// <summary>The header of a stream; it is kept.</summary>
    StreamHead,

    /// <summary>A stream of ours, without its sum; it is kept.</summary>
    Record,

    /// <summary>The sum at the end of a stream of ours; it is kept, and it is not summed.</summary>
    Sum,

    /// <summary>File data, or a stream nobody knows; it is passed on.</summary>
    Data,

    /// <summary>The zeros up to where the next stream may begin.</summary>
    Alignment,

    /// <summary>The zeros up to the next block.</summary>
    Padding,
}
