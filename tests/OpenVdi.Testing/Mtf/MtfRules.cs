namespace OpenVdi.Testing.Mtf;

/// <summary>
/// Every rule that <see cref="MtfChecker"/> checks. The tests list these fields and ask for a medium that breaks each.
/// </summary>
internal static class MtfRules
{
    // Section 2: conventions.
    public static readonly MtfRule AddressInside = new("2", "a tape address lies in its structure, behind the fixed fields");
    public static readonly MtfRule StringTyped = new("2", "a block without a string type has no strings");
    public static readonly MtfRule StringNotTerminated = new("2", "strings are not terminated");
    public static readonly MtfRule StringEncoding = new("2", "a string is encoded as its block's string type says");
    public static readonly MtfRule DateValid = new("2", "a date is a day and time of the calendar, or all zero");

    // Section 3.1: the shape of a medium.
    public static readonly MtfRule TapeFirst = new("3.1", "a medium begins with TAPE");
    public static readonly MtfRule FilemarkAfterTape = new("3.1", "a filemark stands behind TAPE");
    public static readonly MtfRule SetBegins = new("3.1", "a data set begins with SSET, behind a filemark");
    public static readonly MtfRule ParentOrder = new("3.1", "parents come first: SSET, VOLB, DIRB, FILE");
    public static readonly MtfRule FilemarkAfterBlocks = new("3.1", "a filemark stands behind the last block of a set, before ESET");
    public static readonly MtfRule SetEnds = new("3.1", "ESET stands behind the filemark of a set, or EOTM where it goes on");
    public static readonly MtfRule FilemarkAfterEnd = new("3.1", "a filemark stands behind ESET and EOTM");
    public static readonly MtfRule NothingBehindTheEnd = new("3.1", "nothing stands behind the last filemark");
    public static readonly MtfRule BlockWhole = new("3.1", "a block is whole");
    public static readonly MtfRule BlockSize = new("3.1", "a DBLK has at most 1024 bytes and at most one FLB");
    public static readonly MtfRule BlockFla = new("3.1", "FLA counts the FLBs from the set's first SSET");
    public static readonly MtfRule FlaOfNone = new("3.1", "SSET, TAPE, EOTM and ESET have FLA 0");
    public static readonly MtfRule SetPba = new("3.1", "an SSET's PBA counts the physical blocks before it");

    // Section 3.2: the common block header.
    public static readonly MtfRule BlockType = new("3.2", "a block's type is four characters of ASCII");
    public static readonly MtfRule BlockChecksum = new("3.2", "a block header's checksum is the XOR16 of its bytes 0 to 49");
    public static readonly MtfRule BlockAttributes = new("3.2", "block attributes that are not defined are zero");
    public static readonly MtfRule FirstStream = new("3.2", "the first stream stands behind the body, at a multiple of 4");
    public static readonly MtfRule OsId = new("3.2", "the OS id is 14, 24, 26, 28, or a vendor's, 128 to 255");
    public static readonly MtfRule HeaderReserved = new("3.2", "reserved bytes of a block header are zero");
    public static readonly MtfRule ControlBlockId = new("3.2", "control block ids count from 0 at SSET, by one for each block");
    public static readonly MtfRule StringType = new("3.2", "the string type is 0, 1 or 2");

    // Section 3.3: the bodies.
    public static readonly MtfRule TapeAttributes = new("3.3", "TAPE: attributes that are not defined are zero");
    public static readonly MtfRule SoftFilemarksInUse = new("3.3", "TAPE: attribute 0 says whether filemarks are soft");
    public static readonly MtfRule MediaSequence = new("3.3", "TAPE: the media sequence number counts from 1");
    public static readonly MtfRule PasswordAlgorithm = new("3.3", "TAPE, SSET: the password algorithm is 0 or 5");
    public static readonly MtfRule PasswordSize = new("3.3", "TAPE, SSET: a password has 16 bytes with algorithm 5, else none");
    public static readonly MtfRule SoftFilemarkSize = new("3.3", "TAPE: the soft filemark block size is there if they are in use");
    public static readonly MtfRule CatalogType = new("3.3", "TAPE: the catalog type is 0, 1 or 2");
    public static readonly MtfRule FlbSize = new("3.3", "TAPE: an FLB has 512 or 1024 bytes");
    public static readonly MtfRule MajorVersion = new("3.3", "TAPE: the major version is 1");
    public static readonly MtfRule SetAttributes = new("3.3", "SSET: attributes that are not defined are zero");
    public static readonly MtfRule SetNumber = new("3.3", "SSET: data set numbers count from 1 in the family");
    public static readonly MtfRule TimeZone = new("3.3", "SSET: the time zone is at most 14 hours from UTC, or 127");
    public static readonly MtfRule MinorVersion = new("3.3", "SSET: the minor version is 0");
    public static readonly MtfRule FddAllowed = new("3.3", "file and directory detail exists only where TAPE allows it");
    public static readonly MtfRule VolumeAttributes = new("3.3", "VOLB: attributes that are not defined are zero");
    public static readonly MtfRule VolumeDeviceKind = new("3.3", "VOLB: exactly one attribute names the kind of device");
    public static readonly MtfRule VolumeDeviceName = new("3.3", "VOLB: the device name is of the kind that the attributes name");
    public static readonly MtfRule DirectoryAttributes = new("3.3", "DIRB: attributes that are not defined are zero");
    public static readonly MtfRule DirectoryId = new("3.3", "DIRB: directory ids count from 1 in a set");
    public static readonly MtfRule DirectoryName = new("3.3", "DIRB: a name has NUL behind each part, no drive, no empty part");
    public static readonly MtfRule DirectoryNameInStream = new("3.3", "DIRB: the name is in stream PNAM if attribute 17 says so");
    public static readonly MtfRule DirectoryEmpty = new("3.3", "DIRB: a directory with attribute 16 has no files");
    public static readonly MtfRule FileAttributes = new("3.3", "FILE: attributes that are not defined are zero");
    public static readonly MtfRule FileDirectoryId = new("3.3", "FILE: the directory id is that of the DIRB before it");
    public static readonly MtfRule FileNamed = new("3.3", "FILE: a file has a name without NUL");
    public static readonly MtfRule FileNameInStream = new("3.3", "FILE: the name is in stream FNAM if attribute 17 says so");
    public static readonly MtfRule FileSize = new("3.3", "FILE: the displayable size is the file's size");
    public static readonly MtfRule CorruptPlace = new("3.3", "CFIL: stands behind the FILE or DIRB that it speaks of");
    public static readonly MtfRule CorruptAttributes = new("3.3", "CFIL: attributes that are not defined are zero");
    public static readonly MtfRule CorruptReserved = new("3.3", "CFIL: reserved bytes are zero");
    public static readonly MtfRule CorruptStream = new("3.3", "CFIL: the stream's number counts from 1");
    public static readonly MtfRule LastEsetPba = new("3.3", "EOTM: names the PBA of the last ESET, or says that there is none");
    public static readonly MtfRule EndAttributes = new("3.3", "ESET: the attributes are those of SSET");
    public static readonly MtfRule EndSetNumber = new("3.3", "ESET: the data set number is that of SSET");
    public static readonly MtfRule EndReserved = new("3.3", "ESET: reserved bytes are zero");
    public static readonly MtfRule CorruptCount = new("3.3", "ESET: the count of corrupt files is that of the set");
    public static readonly MtfRule FilemarkSize = new("3.3", "SFMB: offset 8 holds the block's size, as TAPE gives it");
    public static readonly MtfRule FilemarkCapacity = new("3.3", "SFMB: the array fits in the block");
    public static readonly MtfRule FilemarkUsed = new("3.3", "SFMB: entries are used for all earlier filemarks that fit");
    public static readonly MtfRule FilemarkArray = new("3.3", "SFMB: entries are PBAs of earlier filemarks, newest first");
    public static readonly MtfRule FilemarkUnused = new("3.3", "SFMB: unused entries are zero");
    public static readonly MtfRule FilemarkFla = new("3.3", "SFMB: FLA counts the physical blocks from the start of the medium");
    public static readonly MtfRule FilemarkId = new("3.3", "SFMB: control block ids count from 1");
    public static readonly MtfRule OsData = new("3.3", "OS-specific data is as long as the OS, its version and the block say");
    public static readonly MtfRule OsVersion = new("3.3", "OS-specific data of Windows NT has version 0 or 1");

    // Section 3.4: streams.
    public static readonly MtfRule StreamId = new("3.4", "a stream's id is four characters of ASCII");
    public static readonly MtfRule StreamChecksum = new("3.4", "a stream header's checksum is the XOR16 of its bytes 0 to 19");
    public static readonly MtfRule StreamSystemAttributes = new("3.4", "file system attributes that are not defined are zero");
    public static readonly MtfRule StreamMediaAttributes = new("3.4", "media attributes that are not defined or obsolete are zero");
    public static readonly MtfRule StreamAlgorithms = new("3.4", "algorithm ids are there exactly for encrypted, compressed data");
    public static readonly MtfRule StreamWhole = new("3.4", "a stream's data has the length that its header says");
    public static readonly MtfRule StreamFill = new("3.4", "the bytes up to the next multiple of 4 are zero");
    public static readonly MtfRule StreamCount = new("3.4", "a block has at most 65535 streams, as CFIL numbers them in 16 bits");
    public static readonly MtfRule PaddingLast = new("3.4", "the last stream of every DBLK is SPAD");
    public static readonly MtfRule PaddingPlain = new("3.4", "a SPAD is one piece, not transformed, without a checksum");
    public static readonly MtfRule PaddingZero = new("3.4", "a SPAD's data is zero");
    public static readonly MtfRule PaddingEnd = new("3.4", "a SPAD ends at the next FLB, at the next physical block before a filemark");
    public static readonly MtfRule ChecksumAnnounced = new("3.4", "a CSUM stands only behind a stream that says so");
    public static readonly MtfRule ChecksumPresent = new("3.4", "a CSUM stands behind a stream that says so");
    public static readonly MtfRule ChecksumLength = new("3.4", "a CSUM has 4 bytes, and is one piece");
    public static readonly MtfRule ChecksumValue = new("3.4", "a CSUM is the 32-bit exclusive-or of the data before it");
    public static readonly MtfRule VariablePieces = new("3.4", "pieces of a variable stream follow each other; the last says so");
    public static readonly MtfRule SparseFrame = new("3.4", "a SPAR begins with an offset of 8 bytes");
    public static readonly MtfRule OneFileData = new("3.4", "a FILE has at most one stream STAN");

    // Section 3.5: the set map.
    public static readonly MtfRule SetMapPlace = new("3.5", "a set map stands on ESET");
    public static readonly MtfRule SetMapAllowed = new("3.5", "a set map is of the type that TAPE names, and TAPE says it exists");
    public static readonly MtfRule SetMapExists = new("3.5", "a set map that TAPE says exists is on the last ESET");
    public static readonly MtfRule SetMapHeader = new("3.5", "a set map begins with TAPE's family id, a count, and zero");
    public static readonly MtfRule SetMapWhole = new("3.5", "a set map is exactly as long as its entries");
    public static readonly MtfRule SetMapOrder = new("3.5", "a set map has one entry for each data set of the family");
    public static readonly MtfRule SetMapEntry = new("3.5", "an entry of the set map says what its data set says");
    public static readonly MtfRule SetMapVolume = new("3.5", "an entry of a volume says what its VOLB says");

    // Section 3.6: spanning.
    public static readonly MtfRule ContinuedTape = new("3.6", "TAPE has the continuation bit from media sequence number 2 on");
    public static readonly MtfRule ContinuedSet = new("3.6", "the first SSET has the continuation bit exactly where TAPE has it");
    public static readonly MtfRule ContinuedBlock = new("3.6", "blocks with the continuation bit only repeat those of a continued set");
    public static readonly MtfRule ContinuedStream = new("3.6", "a stream goes on only as the first one of a repeated block");
}
