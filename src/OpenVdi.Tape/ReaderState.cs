namespace OpenVdi.Tape;

/// <summary>Which block a reader is at, or expects next.</summary>
internal enum ReaderState
{
    /// <summary>TAPE.</summary>
    Header,

    /// <summary>The filemark behind TAPE.</summary>
    HeaderFilemark,

    /// <summary>SSET; the medium may also end here, when it has a set.</summary>
    StartOfSet,

    /// <summary>VOLB.</summary>
    Volume,

    /// <summary>DIRB.</summary>
    Directory,

    /// <summary>FILE, or the filemark behind the last one.</summary>
    File,

    /// <summary>ESET.</summary>
    EndOfSet,

    /// <summary>The filemark behind ESET.</summary>
    SetFilemark,
}
