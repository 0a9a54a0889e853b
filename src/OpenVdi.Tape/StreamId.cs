namespace OpenVdi.Tape;

/// <summary>What a stream of a block is: its four ASCII letters, the first in the lowest byte.</summary>
public enum StreamId : uint
{
    /// <summary>STAN: the data of a file.</summary>
    FileData = 'S' | ('T' << 8) | ('A' << 16) | ((uint)'N' << 24),

    /// <summary>SPAD: zeros up to the next block; the last stream of every block.</summary>
    Padding = 'S' | ('P' << 8) | ('A' << 16) | ((uint)'D' << 24),

    /// <summary>OVMF, ours, on TAPE: the media set and the place of this medium in it.</summary>
    MediaFamily = 'O' | ('V' << 8) | ('M' << 16) | ((uint)'F' << 24),

    /// <summary>OVBR, ours, on SSET: what the backup is.</summary>
    BackupRecord = 'O' | ('V' << 8) | ('B' << 16) | ((uint)'R' << 24),

    /// <summary>OVRG, ours, on FILE: which part of the file the next piece is.</summary>
    PieceRange = 'O' | ('V' << 8) | ('R' << 16) | ((uint)'G' << 24),

    /// <summary>OVES, ours, on ESET: what the set holds.</summary>
    SetTotals = 'O' | ('V' << 8) | ('E' << 16) | ((uint)'S' << 24),

    /// <summary>OVCK, ours: the checksum of everything since the set, or the medium, began.</summary>
    Checksum = 'O' | ('V' << 8) | ('C' << 16) | ((uint)'K' << 24),
}
