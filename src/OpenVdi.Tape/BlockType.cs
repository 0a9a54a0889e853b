namespace OpenVdi.Tape;

/// <summary>What a descriptor block is: its four ASCII letters, the first in the lowest byte.</summary>
public enum BlockType : uint
{
    /// <summary>TAPE: the medium.</summary>
    Tape = 'T' | ('A' << 8) | ('P' << 16) | ((uint)'E' << 24),

    /// <summary>SFMB: a filemark, written as a block.</summary>
    SoftFilemark = 'S' | ('F' << 8) | ('M' << 16) | ((uint)'B' << 24),

    /// <summary>SSET: a data set begins.</summary>
    StartOfSet = 'S' | ('S' << 8) | ('E' << 16) | ((uint)'T' << 24),

    /// <summary>VOLB: a volume.</summary>
    Volume = 'V' | ('O' << 8) | ('L' << 16) | ((uint)'B' << 24),

    /// <summary>DIRB: a directory.</summary>
    Directory = 'D' | ('I' << 8) | ('R' << 16) | ((uint)'B' << 24),

    /// <summary>FILE: a file.</summary>
    File = 'F' | ('I' << 8) | ('L' << 16) | ((uint)'E' << 24),

    /// <summary>ESET: the data set ends.</summary>
    EndOfSet = 'E' | ('S' << 8) | ('E' << 16) | ((uint)'T' << 24),
}
