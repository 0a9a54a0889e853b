namespace OpenVdi.Testing.Mtf;

/// <summary>The filemarks of a medium: blocks among the others, or the device's own.</summary>
/// <param name="input">The medium.</param>
/// <param name="softBytes">The size of a soft filemark; 0: the device has its own.</param>
/// <param name="physicalBlockBytes">The device's unit.</param>
internal sealed class MtfFilemarks(MtfInput input, int softBytes, int physicalBlockBytes)
{
    private const int ArrayAt = 60, EntryBytes = 4;

    private readonly List<long> _pbas = [];

    public int PhysicalBlockBytes => physicalBlockBytes;

    public int SoftBytes => softBytes;

    public int Count => _pbas.Count;

    /// <summary>Whether a filemark is next.</summary>
    public bool IsNext => softBytes > 0 ? MtfBlock.PeekType(input) == "SFMB" : input.IsAtMark;

    /// <summary>Passes a filemark that must stand here.</summary>
    public void Expect(MtfRule rule, string behind)
    {
        if (!IsNext)
        {
            throw new MtfViolationException(rule, input.OffsetBytes, $"filemark behind {behind}",
                "a filemark", input.IsAtEnd ? "the end of the medium" : MtfBlock.PeekType(input));
        }

        long pba = input.OffsetBytes / physicalBlockBytes;
        if (softBytes > 0)
        {
            CheckBlock(MtfBlock.Read(input, MtfBlock.MaxBytes, softBytes), pba);
        }
        else
        {
            // That it stands on a physical block is what the SPAD before it was checked for.
            input.PassMark();
        }

        _pbas.Add(pba);
    }

    private void CheckBlock(MtfBlock block, long pba)
    {
        block.RequireEqual((ulong)pba, block.Fla, MtfRules.FilemarkFla, "FLA");
        block.RequireEqual((ulong)Count + 1, block.Id, MtfRules.FilemarkId, "control block id");
        block.Require(!block.IsContinuation, MtfRules.ContinuedBlock, "block attributes", "no continuation", "one");

        uint capacity = block.U32(52), used = block.U32(56);
        long room = (softBytes - ArrayAt) / EntryBytes;
        block.Require(capacity <= room, MtfRules.FilemarkCapacity, "number of entries", $"at most {room}", $"{capacity}");
        block.RequireEqual(Math.Min(capacity, (ulong)Count), used, MtfRules.FilemarkUsed, "entries used");
        for (int i = 0; i < used; i++)
        {
            block.RequireEqual((ulong)_pbas[Count - 1 - i], block.U32(ArrayAt + (EntryBytes * i)), MtfRules.FilemarkArray, $"entry {i}");
        }

        int usedEnd = ArrayAt + (EntryBytes * (int)used);
        block.RequireZero(usedEnd, softBytes - usedEnd, MtfRules.FilemarkUnused, "unused entries");
    }
}
