namespace OpenVdi.Tape;

/// <summary>What a writer has open.</summary>
internal enum WriterState
{
    /// <summary>No set.</summary>
    BetweenSets,

    /// <summary>A set, and no file in it.</summary>
    InSet,

    /// <summary>A file of known size.</summary>
    InFile,

    /// <summary>A file in pieces.</summary>
    InPieces,
}
